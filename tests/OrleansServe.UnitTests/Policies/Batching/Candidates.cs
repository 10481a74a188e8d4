using OrleansServe.Policies.Batching;

namespace OrleansServe.UnitTests.Policies.Batching;

/// <summary>Batches to decide on.</summary>
internal static class Candidates
{
    public static readonly ServiceTargets Targets = new(
        new ServiceTarget(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(50)),
        new ServiceTarget(TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(200)),
        new ServiceTarget(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(2)));

    public static readonly TimeSpan Now = TimeSpan.FromSeconds(100);

    public static BatchLimits Limits(int tokens = 64, int blocks = 100, int floor = 8, StepCost cost = default) => new(tokens, blocks, floor, Now, cost, Targets);

    public static BatchCandidate Row(long order, ServiceClass serviceClass = ServiceClass.Standard, int lacking = 0, int held = 1) =>
        new(serviceClass, order, TimeSpan.MaxValue, 0, IsStream: true, 1, lacking, held);

    public static BatchCandidate Preempted(long order, int tokens, int lacking, ServiceClass serviceClass = ServiceClass.Standard) =>
        new(serviceClass, order, Now, 0, IsStream: true, tokens, lacking, 0);

    public static BatchCandidate Prompt(long order, int tokens, double dueIn = 1, long served = 0, ServiceClass serviceClass = ServiceClass.Standard, int lacking = 0) =>
        new(serviceClass, order, Now + TimeSpan.FromSeconds(dueIn), served, IsStream: false, tokens, lacking, 0);

    /// <summary>Anything that a worker could have.</summary>
    public static BatchCandidate[] Draw(Random random, int count)
    {
        BatchCandidate[] drawn = new BatchCandidate[count];
        for (int i = 0; i < count; i++)
        {
            ServiceClass serviceClass = (ServiceClass)random.Next(3);
            drawn[i] = random.Next(4) switch
            {
                0 => Preempted(i, random.Next(3, 500), random.Next(1, 9), serviceClass),
                1 => Prompt(i, random.Next(1, 500), random.Next(-9, 9), random.Next(4), serviceClass, random.Next(4)),
                _ => Row(i, serviceClass, random.Next(2), random.Next(9)) with { Tokens = random.Next(3), BlocksShared = random.Next(3) },
            };
        }

        random.Shuffle(drawn);
        return drawn;
    }

    public static BatchDecision[] Plan(ReadOnlySpan<BatchCandidate> candidates, BatchLimits limits)
    {
        BatchDecision[] decisions = new BatchDecision[candidates.Length];
        Xunit.Assert.Equal(BatchPolicy.Plan(candidates, limits, decisions), decisions.Sum(decision => decision.Tokens));
        return decisions;
    }
}
