using OrleansServe.Abstractions.Experts;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.Gateway.Cluster;

/// <summary>The grains that a session talks to.</summary>
/// <param name="Scheduler">The scheduler of the model served.</param>
/// <param name="Prefill">Finds a prefill worker.</param>
/// <param name="Decode">Finds a decode worker.</param>
internal sealed record WorkerGrains(
    ISchedulerGrain Scheduler,
    Func<WorkerId, IPrefillWorkerGrain> Prefill,
    Func<WorkerId, IDecodeWorkerGrain> Decode)
{
    /// <summary>Keeps the experts' plan, where there is one.</summary>
    public IExpertPlanGrain? Plans { get; init; }

    /// <summary>The grains of a cluster.</summary>
    public static WorkerGrains From(IGrainFactory factory, string model) => new(
        factory.GetGrain<ISchedulerGrain>(model),
        worker => factory.GetGrain<IPrefillWorkerGrain>(worker.Key),
        worker => factory.GetGrain<IDecodeWorkerGrain>(worker.Key))
    { Plans = factory.GetGrain<IExpertPlanGrain>(model) };
}
