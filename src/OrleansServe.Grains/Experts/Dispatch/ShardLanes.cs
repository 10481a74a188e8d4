using OrleansServe.Engine.Moe;
using OrleansServe.Grains.Experts.Shards;
using OrleansServe.Grains.Workers;
using OrleansServe.Policies.Balancing.Experts;
using OrleansServe.Transfer;

namespace OrleansServe.Grains.Experts.Dispatch;

/// <summary>
/// The ways to the shards of one epoch: shards of this silo, whose weights the engine computes with itself, and channels to the others. Rows of one layer are put on them, sent, and taken
/// back. Belongs to one engine's thread.
/// </summary>
internal sealed class ShardLanes : IDisposable
{
    private readonly Lane[] _lanes;

    // By layer and expert: rows so far that went to one of several shards, so that each receives its share over steps however few rows those have.
    private readonly long[][] _chosen;

    // By expert: rows that this silo computes.
    private readonly int[] _ownRows;

    public ShardLanes(ExpertRoutes routes, WorkerCatalog catalog, IDataPlane dataPlane)
    {
        Routes = routes;
        _chosen = [.. Enumerable.Range(0, routes.Layers).Select(_ => new long[routes.Experts])];
        _ownRows = new int[routes.Experts];
        _lanes = [.. routes.Shards.Select(shard => catalog.TryGet(shard.Worker, out ExpertShard? own) ? new Lane(own, null) : new Lane(null, new RemoteRows(dataPlane, shard)))];
    }

    public ExpertRoutes Routes { get; }

    /// <summary>Shards that failed lately are asked again.</summary>
    public void Forgive()
    {
        foreach (Lane lane in _lanes)
        {
            lane.HasFailed = false;
        }
    }

    /// <summary>
    /// Puts slots on lanes: an expert that this silo holds stays here, rows of others go to its shards by their shares. Those that have no way to go stay in the list.
    /// </summary>
    /// <param name="slots">What is to go.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="evenFailed">Where all shards of an expert failed lately, asks them again.</param>
    /// <returns>Whether any has a way to go.</returns>
    public bool Assign(SlotList slots, int layer, bool evenFailed)
    {
        foreach (Lane lane in _lanes)
        {
            lane.Slots.Clear();
        }

        int left = 0;
        for (int i = 0; i < slots.Count; i++)
        {
            int expert = slots.Experts[i];
            int shard = Choose(layer, expert, evenFailed);
            if (shard >= 0)
            {
                _lanes[shard].Slots.Add(expert, slots.Slots[i]);
            }
            else
            {
                slots.Move(i, left++);
            }
        }

        bool any = left < slots.Count;
        slots.Truncate(left);
        return any;
    }

    /// <summary>Sends what goes to other silos.</summary>
    /// <param name="work">The layer's work.</param>
    /// <param name="failed">Gets the slots of shards that cannot be reached.</param>
    /// <param name="failure">Says why; not changed where nothing fails.</param>
    /// <returns>Rows that are under way.</returns>
    public int Send(in ExpertWork work, SlotList failed, ref DispatchFailure failure)
    {
        int rows = 0;
        for (int shard = 0; shard < _lanes.Length; shard++)
        {
            if (_lanes[shard] is { Remote: { } remote } && remote.Slots.Count > 0)
            {
                if (remote.Send(work, Routes.Epoch) is { } error)
                {
                    Fail(shard, error, failed, ref failure);
                }
                else
                {
                    rows += remote.Slots.Count;
                }
            }
        }

        return rows;
    }

    /// <summary>Computes what stays in this silo, once. A shard that is going away lets nobody in, and its weights stay for as long as somebody is inside.</summary>
    /// <param name="work">The layer's work.</param>
    /// <param name="failed">Gets the slots of shards that fail.</param>
    /// <param name="failure">Says why; not changed where nothing fails.</param>
    /// <param name="time">Measures it.</param>
    public void ComputeOwn(in ExpertWork work, SlotList failed, ref DispatchFailure failure, TimeProvider time)
    {
        Array.Clear(_ownRows);
        bool any = false;
        try
        {
            for (int shard = 0; shard < _lanes.Length; shard++)
            {
                if (_lanes[shard] is { Own: { } own, Slots.Count: > 0 } lane)
                {
                    lane.Entered = own.TryEnter();
                    any |= lane.Entered is not null;
                    if ((lane.Entered is null ? "it is stopping" : Take(lane, own, work)) is { } fault)
                    {
                        Fail(shard, fault, failed, ref failure);
                    }
                }
            }

            if (any)
            {
                long start = time.GetTimestamp();
                work.Compute.Compute();
                Count(work, time.GetElapsedTime(start));
            }
        }
        finally
        {
            foreach (Lane lane in _lanes)
            {
                lane.Entered?.Exit();
                lane.Entered = null;
                if (lane.Own is not null)
                {
                    lane.Slots.Clear();
                }
            }
        }
    }

    /// <summary>Waits for what is under way, and puts it where the engine wants it.</summary>
    /// <param name="work">The layer's work.</param>
    /// <param name="failed">Gets the slots of shards that fail.</param>
    /// <param name="failure">Says why; not changed where nothing fails.</param>
    /// <param name="deadline">Time left, asked anew for each shard: all of them together have one limit, for they work at the same time.</param>
    public void Receive(in ExpertWork work, SlotList failed, ref DispatchFailure failure, in Deadline deadline)
    {
        for (int shard = 0; shard < _lanes.Length; shard++)
        {
            if (_lanes[shard] is { Remote: { } remote } && remote.Slots.Count > 0 && remote.Receive(work, deadline.Left) is { } error)
            {
                Fail(shard, error, failed, ref failure);
            }
        }
    }

    public void Dispose()
    {
        foreach (Lane lane in _lanes)
        {
            lane.Remote?.Dispose();
        }
    }

    /// <summary>Leaves a lane's experts to the engine, each with all of its rows, also where only some of them come this way: their bits are the same.</summary>
    /// <returns>What the shard lacks, or null.</returns>
    private string? Take(Lane lane, ExpertShard own, in ExpertWork work)
    {
        try
        {
            foreach (int expert in lane.Slots.Experts)
            {
                if (_ownRows[expert]++ == 0)
                {
                    work.Compute.Take(expert, own.Bank);
                }
            }

            return null;
        }
        catch (ExpertUnavailableException e)
        {
            // What was taken before is computed, and computed again by whoever gets the rows.
            return $"it does not hold expert {e.Expert} of layer {e.Layer}";
        }
    }

    private void Count(in ExpertWork work, TimeSpan elapsed)
    {
        foreach (Lane lane in _lanes)
        {
            if (lane is { Own: { } own, Entered: not null, Slots.Count: > 0 })
            {
                foreach (int expert in lane.Slots.Experts)
                {
                    if (_ownRows[expert] > 0)
                    {
                        own.CountRows(work.Layer, expert, _ownRows[expert]);
                        _ownRows[expert] = 0;
                    }
                }

                own.CountBatch(work.Layer, elapsed, lane.Slots.Count);
            }
        }
    }

    private int Choose(int layer, int expert, bool evenFailed)
    {
        ReadOnlySpan<int> shards = Routes.ShardsOf(layer, expert);
        int usable = 0;
        foreach (int shard in shards)
        {
            if (!_lanes[shard].HasFailed)
            {
                if (_lanes[shard].Own is not null)
                {
                    return shard;
                }

                usable++;
            }
        }

        if (usable == shards.Length || (usable == 0 && evenFailed))
        {
            return shards.Length switch
            {
                0 => -1,
                1 => shards[0],
                _ => shards[ReplicaChoice.Of(Routes.SharesOf(layer, expert), layer, expert, _chosen[layer][expert]++)],
            };
        }

        return usable == 0 ? -1 : ChooseAmongUsable(layer, expert, shards);
    }

    private int ChooseAmongUsable(int layer, int expert, ReadOnlySpan<int> shards)
    {
        // A share of 0 would leave a replica unused that is now the only one.
        Span<double> shares = stackalloc double[shards.Length];
        double sum = 0;
        for (int i = 0; i < shards.Length; i++)
        {
            shares[i] = _lanes[shards[i]].HasFailed ? 0 : Math.Max(Routes.SharesOf(layer, expert)[i], 1e-9);
            sum += shares[i];
        }

        for (int i = 0; i < shares.Length; i++)
        {
            shares[i] /= sum;
        }

        return shards[ReplicaChoice.Of(shares, layer, expert, _chosen[layer][expert]++)];
    }

    private void Fail(int shard, string reason, SlotList failed, ref DispatchFailure failure)
    {
        Lane lane = _lanes[shard];
        lane.HasFailed = true;
        failure = failure.Or(lane.Slots.Experts[0], $"shard {Routes.Shards[shard].Worker}: {reason}");
        failed.AddAll(lane.Slots);
        lane.Slots.Clear();
    }

    private sealed class Lane(ExpertShard? own, RemoteRows? remote)
    {
        public ExpertShard? Own => own;

        public RemoteRows? Remote => remote;

        public SlotList Slots { get; } = remote?.Slots ?? new SlotList();

        public UseGate? Entered { get; set; }

        public bool HasFailed { get; set; }
    }
}
