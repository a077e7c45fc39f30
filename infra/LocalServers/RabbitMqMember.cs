namespace Recommender.LocalServers;

/// <param name="Index">0-based number of this node.</param>
/// <param name="MapperPort">Port of the Erlang port mapper that all nodes share.</param>
/// <param name="Cookie">The secret shared by all nodes.</param>
internal sealed record RabbitMqMember(int Index, int Size, int MapperPort, string Cookie)
{
    public static string NameOf(int index) => $"recommender{index + 1}@localhost";
}
