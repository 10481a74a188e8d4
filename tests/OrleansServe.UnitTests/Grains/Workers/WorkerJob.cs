using System.Collections.Immutable;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>A request as a test draws it.</summary>
internal sealed record WorkerJob(ImmutableArray<int> Prompt, int MaxTokens, SamplingSettings Sampling, SchedulingSettings Scheduling)
{
    public static WorkerJob Draw(Random random, int prompt, int maxTokens)
    {
        float temperature = random.Next(2);
        SamplingSettings sampling = new(temperature, 1, 0, 0, (ulong)random.NextInt64(), random.Next(3));
        return new WorkerJob(
            [.. Enumerable.Range(0, prompt).Select(_ => random.Next(200))],
            maxTokens,
            sampling,
            new SchedulingSettings((ServicePriority)random.Next(3), $"tenant {random.Next(3)}"));
    }
}
