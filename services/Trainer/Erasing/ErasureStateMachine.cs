using System.Text.Json;
using MassTransit;
using Recommender.Contracts;

namespace Recommender.Trainer.Erasing;

/// <summary>
/// Carries out an erasure from the store to the next model. The states are the stages of the erasure: entering a state completes its stage.
/// Every step is repeatable. A step that fails, or whose message is lost, is repeated when the erasure is due again.
/// </summary>
public sealed class ErasureStateMachine : MassTransitStateMachine<ErasureSaga>
{
    public ErasureStateMachine(ErasureSteps steps)
    {
        InstanceState(saga => saga.CurrentState);
        Event(() => Applied, correlation => correlation.CorrelateById(context => ErasureSaga.CorrelationIdOf(context.Message.ErasureId)));
        Event(() => Due, correlation => correlation.CorrelateById(context => ErasureSaga.CorrelationIdOf(context.Message.ErasureId)));
        Event(() => Forgotten, correlation => correlation.CorrelateById(context => ErasureSaga.CorrelationIdOf(context.Message.ErasureId)));

        During(Store,
            When(Applied)
                .ThenAsync(context => steps.EraseFromFactorStoreAsync(context.Saga, context.Message.Items, context.CancellationToken))
                .TransitionTo(FactorStore)
                .ThenAsync(context => steps.NotifyServingAsync(context.Saga, context.CancellationToken)),
            When(Due)
                .ThenAsync(context => steps.EraseFromFactorStoreAsync(context.Saga, null, context.CancellationToken))
                .TransitionTo(FactorStore)
                .ThenAsync(context => steps.NotifyServingAsync(context.Saga, context.CancellationToken)));
        During(FactorStore,
            When(Due).ThenAsync(context => steps.NotifyServingAsync(context.Saga, context.CancellationToken)),
            When(Forgotten).TransitionTo(Serving).Then(context => steps.AwaitQueues(context.Saga)));
        // Until the stage <c>queues</c>, all instances of Recommend are notified again, because only one of them has confirmed.
        During(Serving,
            When(Due).IfElseAsync(context => steps.HaveQueuesPassedAsync(context.Saga, context.CancellationToken),
                passed => passed.ThenAsync(context => steps.CloseAsync(context.Saga, context.CancellationToken)).TransitionTo(Queues),
                waiting => waiting.ThenAsync(context => steps.NotifyServingAsync(context.Saga, context.CancellationToken))));
        During(Queues,
            When(Due).If(context => context.Saga.ModelVersion is not null, trained => trained.TransitionTo(Model)).Then(End));
        During(Model, When(Due).Then(End));
        foreach (var state in new[] { FactorStore, Serving, Queues, Model })
        {
            string stage = JsonNamingPolicy.CamelCase.ConvertName(state.Name);
            WhenEnter(state, entered => entered.Then(context => steps.Complete(context.Saga, stage)));
        }

        // Late and repeated messages, because of at-least-once delivery.
        OnUnhandledEvent(context => context.Ignore());
    }

    public State Store { get; private set; } = null!;

    public State FactorStore { get; private set; } = null!;

    public State Serving { get; private set; } = null!;

    public State Queues { get; private set; } = null!;

    public State Model { get; private set; } = null!;

    public Event<ErasureApplied> Applied { get; private set; } = null!;

    public Event<ErasureDue> Due { get; private set; } = null!;

    public Event<UserForgotten> Forgotten { get; private set; } = null!;

    private static void End(BehaviorContext<ErasureSaga> context) => context.Saga.DueAt = null;
}
