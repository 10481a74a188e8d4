using OrleansServe.Policies.Balancing;
using OrleansServe.Policies.KvBlocks;
using OrleansServe.Simulation.Demand;
using OrleansServe.Simulation.Fleet;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Simulation.Runs;

/// <summary>Admits requests with the cluster's own policies and keeps the books that they decide by.</summary>
internal sealed class Dispatcher
{
    // Prompts have always room in a prefill unit: how many tokens may be queued is what bounds it.
    private const int PrefillBlocks = 1 << 28;

    private readonly RoleFleet _prefill;
    private readonly RoleFleet _decode;
    private readonly CapacityModel _capacity;
    private readonly AdmissionLimits _limits;
    private readonly PrefillRouter _router = new();
    private readonly List<Cell> _routed = [];
    private readonly PrefixCaches? _caches;
    private double _activeTicks;
    private long _activeAt = long.MinValue;
    private PrefillCandidate[] _prefillCandidates = [];
    private DecodeCandidate[] _decodeCandidates = [];

    /// <param name="scenario">The day.</param>
    /// <param name="prefill">Prefill's units.</param>
    /// <param name="decode">Decode's.</param>
    /// <param name="capacity">How long they take.</param>
    public Dispatcher(Scenario scenario, RoleFleet prefill, RoleFleet decode, CapacityModel capacity)
    {
        _prefill = prefill;
        _decode = decode;
        _capacity = capacity;
        double queued = capacity.PrefillGpuRate * scenario.Settings.FirstTokenTarget.TotalSeconds;
        _limits = new AdmissionLimits(Math.Max(1, (long)Math.Min(queued, 1e15)), capacity.Places, Overcommit: 0);
        _caches = scenario.Trace.Count > 0 ? new PrefixCaches(_router, scenario.Settings.TraceKvBlocks) : null;
        prefill.CellsChanged = ListPrefill;
        decode.CellsChanged = ListDecode;
    }

    /// <summary>Prompt tokens of all that were admitted, cached ones included.</summary>
    public double PrefillTokens { get; private set; }

    /// <summary>Seconds of whole prefill units that they take.</summary>
    public double PrefillUnitSeconds { get; private set; }

    /// <summary>Whether no decode unit has a place.</summary>
    public bool DecodeIsFull => Array.TrueForAll(_decodeCandidates, candidate => candidate.Requests >= _limits.MaxRequestsPerDecodeWorker);

    /// <summary>Admits a request if it can be served now.</summary>
    public AdmissionVerdict TryAdmit(in Arrival arrival, long now, out Admission admission)
    {
        admission = default;
        int prompt = LengthOf(arrival.InputTokens, arrival.Requests);
        int answer = LengthOf(arrival.OutputTokens, arrival.Requests);
        int cached = Math.Min(prompt - 1, (int)(arrival.CachedTokens / arrival.Requests));
        if (arrival.Prefixes is { } names)
        {
            _router.Match(names);
        }

        for (int i = 0; i < _prefillCandidates.Length; i++)
        {
            Cell cell = _prefill.Cells[i];
            long queued = (long)(Math.Max(0, cell.BusyUntil - now) * (_capacity.PrefillGpuRate / TimeSpan.TicksPerSecond));
            _prefillCandidates[i] = Candidate(cell, queued, cached);
        }

        // Cells differ in their units only while one is filled up: each place is looked for among those of one unit.
        AdmissionDecision decision = AdmissionPolicy.Decide(prompt, answer, _prefillCandidates, _decodeCandidates, _limits);
        if (decision.Verdict != AdmissionVerdict.Admit)
        {
            return decision.Verdict;
        }

        admission = Serve(arrival, now, _prefill.Cells[decision.PrefillIndex], _decode.Cells[decision.DecodeIndex], (prompt, answer, cached));
        return AdmissionVerdict.Admit;
    }

    /// <summary>Gives back what a group of streams held.</summary>
    public void End(FleetUnit unit, int blocks, long now)
    {
        _activeTicks = ActiveTicksAt(now);
        _activeAt = now;
        _decode.Active--;
        _decode.Blocks -= blocks;
        FleetUnit holder = unit.Heirs.TryDequeue(out FleetUnit? heir) ? heir : unit;
        while (holder.Heirs.TryDequeue(out heir))
        {
            holder = heir;
        }

        if (holder.Active == 0)
        {
            return;
        }

        holder.Active--;
        holder.Blocks -= Math.Min(holder.Blocks, blocks);
        if (holder.State == UnitState.Ready)
        {
            holder.Cell!.Active--;
            holder.Cell.Blocks = Math.Max(0, holder.Cell.Blocks - blocks);
            Refresh(holder.Cell);
        }
    }

    /// <summary>Ticks that groups of streams have been under way, all together.</summary>
    public double ActiveTicksAt(long now) => _activeTicks + (_decode.Active > 0 ? (double)_decode.Active * (now - _activeAt) : 0);

    /// <summary>Seconds of work that prefill has queued, in whole units.</summary>
    public double PrefillBacklog(long now)
    {
        double seconds = 0;
        foreach (Cell cell in _prefill.Cells)
        {
            seconds += Math.Max(0, cell.BusyUntil - now) * cell.Units.Count / (double)TimeSpan.TicksPerSecond;
        }

        return seconds;
    }

    private static int LengthOf(long tokens, long requests) => (int)Math.Clamp(tokens / requests, 1, int.MaxValue / 4);

    private PrefillCandidate Candidate(Cell cell, long queued, int cached)
    {
        if (_caches is null)
        {
            int blocks = cached / KvBlockHasher.BlockTokens;
            return _router.Candidate(cell.RouterSlot, queued, PrefillBlocks) with { CachedBlocks = blocks, KnownBlocks = blocks };
        }

        const int Factor = TraceRequest.BlockTokens / KvBlockHasher.BlockTokens;
        PrefillCandidate candidate = _router.Candidate(cell.RouterSlot, queued, _caches.KvBlocks);
        return candidate with { CachedBlocks = candidate.CachedBlocks * Factor, KnownBlocks = candidate.KnownBlocks * Factor };
    }

    private Admission Serve(in Arrival arrival, long now, Cell prefill, Cell decode, (int Prompt, int Answer, int Cached) lengths)
    {
        long hits = arrival.CachedTokens;
        long computed = arrival.InputTokens;
        if (_caches is not null && arrival.Prefixes is { } names)
        {
            lengths.Cached = _caches.Serve(prefill, lengths.Prompt, names);
            hits = lengths.Cached;
            computed -= hits;
        }

        int gpus = (int)Math.Max(1, Math.Round(_capacity.PrefillUnitRate / _capacity.PrefillGpuRate) * prefill.Units.Count);
        int share = (int)Math.Min(int.MaxValue / 4, Math.Max(1, arrival.InputTokens / gpus));
        _router.Record(prefill.RouterSlot, share, (int)((long)share * lengths.Cached / lengths.Prompt));
        long waits = Math.Max(0, prefill.BusyUntil - now);
        double unitSeconds = computed / _capacity.PrefillUnitRate;
        prefill.BusyUntil = now + waits + (long)(unitSeconds / prefill.Units.Count * TimeSpan.TicksPerSecond);
        PrefillTokens += arrival.InputTokens;
        PrefillUnitSeconds += unitSeconds;

        // Members of a group come one after the other, so that each waits for what was queued before the group and not for the group.
        long first = now + waits + (long)(computed / arrival.Requests / _capacity.PrefillGpuRate * TimeSpan.TicksPerSecond);
        long end = first + (long)(arrival.OutputTokens / _capacity.PlaceRate * TimeSpan.TicksPerSecond);
        int blocks = BlockMath.BlocksForRequest(lengths.Prompt, lengths.Answer);
        FleetUnit unit = decode.Idlest();
        _activeTicks = ActiveTicksAt(now);
        _activeAt = now;
        unit.Active++;
        unit.Blocks += blocks;
        decode.Active++;
        decode.Blocks += blocks;
        _decode.Active++;
        _decode.Blocks += blocks;
        Refresh(decode);
        return new Admission(first, end, unit, blocks, hits);
    }

    private void ListPrefill()
    {
        foreach (Cell gone in _routed.FindAll(cell => cell.Units.Count == 0))
        {
            _caches?.Remove(gone);
            _router.RemoveWorker(gone.RouterSlot);
            _routed.Remove(gone);
        }

        foreach (Cell cell in _prefill.Cells)
        {
            if (cell.RouterSlot < 0)
            {
                cell.RouterSlot = _router.AddWorker();
                _routed.Add(cell);
                _caches?.Add(cell);
            }
        }

        _prefillCandidates = new PrefillCandidate[_prefill.Cells.Count];
    }

    private void ListDecode()
    {
        _decodeCandidates = new DecodeCandidate[_decode.Cells.Count];
        for (int i = 0; i < _decodeCandidates.Length; i++)
        {
            _decode.Cells[i].Index = i;
            Refresh(_decode.Cells[i]);
        }
    }

    /// <summary>A cell is shown as a unit that has the mean of what its units have, rounded down: one has room as long as the mean is below the limit.</summary>
    private void Refresh(Cell cell)
    {
        int units = cell.Units.Count;
        _decodeCandidates[cell.Index] = new DecodeCandidate((int)Math.Min(_capacity.DecodeBlocks, cell.Blocks / units), _capacity.DecodeBlocks, cell.Active / units);
    }
}
