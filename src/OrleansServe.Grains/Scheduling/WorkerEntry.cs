using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.Balancing;
using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Scheduling;

/// <summary>What the scheduler knows of one worker.</summary>
/// <param name="report">Its first report.</param>
/// <param name="router">Where a prefill worker takes a slot, to be given back with <see cref="Leave"/>. What decode workers have cached decides nothing.</param>
internal sealed class WorkerEntry(WorkerReport report, PrefillRouter router)
{
    private readonly int _slot = report.Role == WorkerRole.Prefill ? router.AddWorker() : -1;

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

    /// <summary>Time that it has worked, as if it had been full.</summary>
    public TimeSpan Busy { get; private set; }

    /// <summary>Tokens that it has computed.</summary>
    public long Served { get; private set; }

    /// <summary>Prompt tokens that it has to compute, reported or on their way.</summary>
    public long QueuedTokens => Report.Load.QueuedTokens + _expectedTokens;

    /// <summary>KV blocks of prompts that it has cached and no other worker has; known of prefill workers.</summary>
    public long UniqueBlocks => _slot >= 0 ? router.UniqueBlocks(_slot) : 0;

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

    /// <summary>It has worked for so long, as if it had been full.</summary>
    public void Worked(TimeSpan busy) => Busy += busy;

    /// <summary>Takes a report in.</summary>
    /// <param name="report">The report.</param>
    /// <param name="now">Timestamp.</param>
    /// <param name="full">It says all that is cached.</param>
    public void Apply(WorkerReport report, long now, bool full)
    {
        Report = report;
        ReportedAt = now;
        foreach (Guid request in report.Arrived)
        {
            Forget(request);
        }

        foreach (TenantTokens served in report.Served)
        {
            Served += served.Tokens;
        }

        if (_slot >= 0)
        {
            ApplyCache(report, full);
        }
    }

    /// <summary>It has gone.</summary>
    public void Leave()
    {
        if (_slot >= 0)
        {
            router.RemoveWorker(_slot);
        }
    }

    /// <summary>A prefill worker as the balancer sees it for the prompt that the router looked up last.</summary>
    public PrefillCandidate ToPrefillCandidate() => router.Candidate(_slot, QueuedTokens, Report.Load.KvBlocksTotal);

    /// <summary>A prompt has been admitted there.</summary>
    public void RecordPrompt(int promptTokens, int cachedTokens) => router.Record(_slot, promptTokens, cachedTokens);

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

    private void ApplyCache(WorkerReport report, bool full)
    {
        if (full)
        {
            router.Clear(_slot);
        }

        foreach (UInt128 name in report.CachedRemoved)
        {
            router.Drop(_slot, name);
        }

        foreach (UInt128 name in report.CachedAdded)
        {
            router.Hold(_slot, name);
        }
    }
}
