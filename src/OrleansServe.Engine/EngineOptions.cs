using System.Globalization;
using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Engine;

/// <summary>Sizes of an engine. Every buffer is allocated from them when the engine is built.</summary>
public sealed record EngineOptions
{
    /// <summary>Number of KV blocks of 64 tokens.</summary>
    public int KvBlocks { get; init; } = 256;

    /// <summary>Most tokens in one step over all sequences.</summary>
    public int MaxBatchTokens { get; init; } = 256;

    /// <summary>Most sampled tokens in one step; 0 stands for <see cref="MaxBatchTokens"/>.</summary>
    public int MaxSampledTokens { get; init; }

    /// <summary>Most alternatives that a sequence may ask for beside its token.</summary>
    public int MaxTopLogprobs { get; init; } = 20;

    /// <summary>Threads that compute, the caller's included; 0 stands for one per processor. No result depends on it.</summary>
    public int Threads { get; init; }

    /// <summary>Use the MTP layer where the weights have it: keep its KV beside the main layers' and draft with it.</summary>
    public bool UseMtp { get; init; } = true;

    /// <summary>
    /// Rows of a step from which on it goes through MoE layers in two microbatches, one of which computes while rows of the other are with experts elsewhere; 0 for never. Takes a
    /// second dispatcher. No result depends on it.
    /// </summary>
    public int OverlapRows { get; init; } = 8;

    /// <summary>Numbers in which rows go to routed experts and come back. Another format gives other results, the same ones wherever experts are.</summary>
    public ExpertRowFormat ExpertRows { get; init; } = ExpertRowFormat.Exact;

    /// <summary>Multiply-adds of a step in one layer, in the mean, from which on threads share the step; smaller ones belong to the caller's alone.</summary>
    internal long SmallestSharedStep { get; init; } = 3 << 19;

    internal int SampledTokens => MaxSampledTokens == 0 ? MaxBatchTokens : MaxSampledTokens;

    internal int ComputeThreads => Threads == 0 ? Environment.ProcessorCount : Threads;

    /// <summary>Checks every field.</summary>
    /// <exception cref="ArgumentException">Lists each field that is out of range, with its limit and value.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        Check(faults, nameof(KvBlocks), KvBlocks, 1, 1 << 26);
        Check(faults, nameof(MaxBatchTokens), MaxBatchTokens, 1, 1 << 16);
        Check(faults, nameof(MaxSampledTokens), MaxSampledTokens, 0, MaxBatchTokens);
        Check(faults, nameof(MaxTopLogprobs), MaxTopLogprobs, 0, 1024);
        Check(faults, nameof(ExpertRows), (int)ExpertRows, (int)ExpertRowFormat.Exact, (int)ExpertRowFormat.Float8);
        Check(faults, nameof(OverlapRows), OverlapRows, 0, 1 << 16);
        Check(faults, nameof(Threads), Threads, 0, 1024);
        if (faults.Count > 0)
        {
            throw new ArgumentException("engine options: " + string.Join("; ", faults));
        }
    }

    private static void Check(List<string> faults, string field, int value, int low, int high)
    {
        if (value < low || value > high)
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{field} is {value}, must be between {low} and {high}"));
        }
    }
}
