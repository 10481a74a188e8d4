using OrleansServe.Cli.Bench.Serving.Workloads;
using OrleansServe.Policies.Balancing;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Cli.Bench.Routing;

/// <summary>
/// Replays a trace's prompts through the code that routes and caches them in production: <see cref="PrefillRouter"/>, <see cref="PrefillBalancer"/> and a
/// <see cref="KvBlockPool"/> for each worker. No request knows of a later one.
/// </summary>
internal sealed class RoutingReplay
{
    /// <summary>Tokens that one id of a trace stands for.</summary>
    public const int TraceBlockTokens = TraceEntry.BlockTokens;

    private readonly RoutingSetup _setup;
    private readonly TimeProvider _time;
    private readonly PrefillRouter _router = new();
    private readonly ReplayWorker[] _workers;
    private readonly PrefillCandidate[] _candidates;
    private readonly HashSet<UInt128> _everything = [];

    /// <param name="setup">The workers.</param>
    /// <param name="time">Measures the decisions.</param>
    public RoutingReplay(RoutingSetup setup, TimeProvider time)
    {
        _setup = setup;
        _time = time;
        _workers = new ReplayWorker[setup.Workers];
        _candidates = new PrefillCandidate[setup.Workers];
        for (int i = 0; i < _workers.Length; i++)
        {
            _workers[i] = new ReplayWorker(_router, setup);
        }
    }

    /// <summary>Replays a trace; once for each instance.</summary>
    public RoutingFigures Run(IReadOnlyList<TraceEntry> trace, CancellationToken cancellation)
    {
        List<double> decisions = new(trace.Count);
        long input = 0;
        long hits = 0;
        long everHits = 0;
        double queued = 0;
        int tooLarge = 0;
        foreach (TraceEntry entry in trace)
        {
            cancellation.ThrowIfCancellationRequested();
            UInt128[] names = NamesOf(entry);
            long started = _time.GetTimestamp();
            int chosen = Decide(entry, names);
            decisions.Add(_time.GetElapsedTime(started).TotalMicroseconds);
            if (chosen < 0)
            {
                tooLarge++;
                continue;
            }

            ReplayWorker worker = _workers[chosen];
            queued += worker.QueuedAt(entry.Milliseconds);
            long expected = (long)_candidates[chosen].CachedBlocks * KvBlockHasher.BlockTokens;
            long cached = worker.Serve(entry.InputLength, names);
            if (cached != expected)
            {
                throw new InvalidOperationException($"The prefix index promised {expected} tokens, the worker had {cached}.");
            }

            hits += cached;
            everHits += EverSeen(names);
            input += entry.InputLength;
        }

        decisions.Sort();
        return new RoutingFigures(
            trace.Count - tooLarge,
            tooLarge,
            input,
            Share(hits, input),
            Share(everHits, input),
            MaxOverMean(worker => worker.InputTokens),
            MaxOverMean(worker => worker.ComputedTokens),
            trace.Count > tooLarge ? queued / (trace.Count - tooLarge) : 0,
            decisions);
    }

    private static double Share(long part, long whole) => whole > 0 ? (double)part / whole : 0;

    private double MaxOverMean(Func<ReplayWorker, long> load)
    {
        double mean = _workers.Average(load);
        return mean > 0 ? _workers.Max(load) / mean : 1;
    }

    /// <summary>All that happens between a request's arrival and the choice of its worker, as in the scheduler.</summary>
    private int Decide(TraceEntry entry, UInt128[] names)
    {
        int factor = _setup.KvBlockTokens / KvBlockHasher.BlockTokens;
        _router.Match(names);
        for (int i = 0; i < _workers.Length; i++)
        {
            PrefillCandidate candidate = _router.Candidate(_workers[i].Slot, _workers[i].QueuedAt(entry.Milliseconds), _workers[i].KvBlocksTotal);
            _candidates[i] = candidate with { CachedBlocks = candidate.CachedBlocks * factor, KnownBlocks = candidate.KnownBlocks * factor };
        }

        int chosen = PrefillBalancer.Choose(_candidates, entry.InputLength, long.MaxValue);
        if (chosen >= 0)
        {
            _router.Record(_workers[chosen].Slot, entry.InputLength, _candidates[chosen].CachedBlocks * KvBlockHasher.BlockTokens);
        }

        return chosen;
    }

    private UInt128[] NamesOf(TraceEntry entry)
    {
        int parts = TraceBlockTokens / _setup.KvBlockTokens;
        UInt128[] names = new UInt128[entry.InputLength / _setup.KvBlockTokens];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = new UInt128((ulong)entry.HashIds[i / parts], (ulong)(i % parts));
        }

        return names;
    }

    private long EverSeen(UInt128[] names)
    {
        int seen = 0;
        while (seen < names.Length && _everything.Contains(names[seen]))
        {
            seen++;
        }

        _everything.UnionWith(names);
        return (long)seen * _setup.KvBlockTokens;
    }
}
