using System.Runtime.CompilerServices;

namespace Recommender.Factorization.MlNet;

/// <summary>Compiled into each program that has the learner (Optional.props); runs before anything else of it.</summary>
internal static class RegisterMlNet
{
#pragma warning disable CA2255 // For parts of this program alone; it has to precede all reading of settings.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register() => MlNetLearner.Register();
}
