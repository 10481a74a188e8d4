using System.Collections.Immutable;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.Balancing;
using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Scheduling;

/// <summary>What the scheduler knows of one worker.</summary>
internal sealed class WorkerEntry(WorkerReport report)
{
    private readonly HashSet<UInt128> _cached = [];

    // What was sent there and is not in its reports yet: however reports and requests overtake each other, none is counted twice or not at all.
    private readonly Dictionary<Guid, (long Tokens, int Blocks)> _expected = [];
    private long _expectedTokens;
    private int _expectedBlocks;

    public WorkerReport Report { get; private set; } = report;

    /// <summary>Timestamp of the last report.</summary>
    public long ReportedAt { get; private set; }

    /// <summary>KV blocks kept free for requests admitted there and not completed.</summary>
    public int AdmittedBlocks { get; set; }

    /// <summary>Requests admitted there and not completed.</summary>
    public int AdmittedRequests { get; set; }

    /// <summary>Prompt tokens that it has to compute, reported or on their way.</summary>
    public long QueuedTokens => Report.Load.QueuedTokens + _expectedTokens;

    /// <summary>A request is sent there.</summary>
    public void Expect(Guid request, long tokens, int blocks)
    {
        _expected[request] = (tokens, blocks);
        _expectedTokens += tokens;
        _expectedBlocks += blocks;
    }

    /// <summary>A request has arrived, or will not any more.</summary>
    public void Forget(Guid request)
    {
        if (_expected.Remove(request, out (long Tokens, int Blocks) counted))
        {
            _expectedTokens -= counted.Tokens;
            _expectedBlocks -= counted.Blocks;
        }
    }

    /// <summary>Takes a report in.</summary>
    /// <param name="report">The report.</param>
    /// <param name="now">Timestamp.</param>
    /// <param name="full">It says all that is cached.</param>
    public void Apply(WorkerReport report, long now, bool full)
    {
        Report = report;
        ReportedAt = now;
        if (full)
        {
            _cached.Clear();
        }

        foreach (Guid request in report.Arrived)
        {
            Forget(request);
        }

        foreach (UInt128 name in report.CachedRemoved)
        {
            _cached.Remove(name);
        }

        foreach (UInt128 name in report.CachedAdded)
        {
            _cached.Add(name);
        }
    }

    /// <summary>The worker as the decode balancer sees it for a request of a class.</summary>
    public DecodeCandidate ToDecodeCandidate(ServiceClass serviceClass)
    {
        // The worker's own count also knows requests that another activation of the scheduler admitted, and what requests have grown to.
        WorkerLoad load = Report.Load;
        int yielded = serviceClass switch
        {
            ServiceClass.Interactive => load.KvBlocksStandard + load.KvBlocksBatch,
            ServiceClass.Standard => load.KvBlocksBatch,
            _ => 0,
        };
        return new DecodeCandidate(
            Math.Max(AdmittedBlocks, load.KvBlocksUsed + _expectedBlocks),
            load.KvBlocksTotal,
            Math.Max(AdmittedRequests, load.RunningRequests + load.QueuedRequests),
            yielded);
    }

    /// <summary>How many blocks of a chain, from the first on, the worker has cached.</summary>
    public int CachedPrefix(ImmutableArray<UInt128> names)
    {
        int count = 0;
        while (count < names.Length && _cached.Contains(names[count]))
        {
            count++;
        }

        return count;
    }
}
