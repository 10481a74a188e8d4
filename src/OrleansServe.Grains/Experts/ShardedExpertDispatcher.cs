using OrleansServe.Engine.Moe;
using OrleansServe.Grains.Workers;
using OrleansServe.Transfer;

namespace OrleansServe.Grains.Experts;

/// <summary>
/// Takes rows to the shards that hold their experts. Experts of this silo's shards are computed on the engine's own threads, straight from the shard's weights; rows for the
/// others travel meanwhile, one message a shard. Every output row depends on its own input alone, so the results are the same bits wherever an expert lives.
/// Belongs to one engine's thread.
/// </summary>
internal sealed class ShardedExpertDispatcher(IExpertRouteSource source, WorkerCatalog catalog, IDataPlane dataPlane, TimeSpan timeout, TimeProvider time)
    : IExpertDispatcher, IDisposable
{
    private ExpertRoutes? _routes;

    // By shard: one of the two, or null.
    private ExpertShard?[] _own = [];
    private RemoteRows?[] _remote = [];
    private int[] _rows = [];
    private ExpertWork _work;
    private long _sent;

    public bool IsAway
    {
        get
        {
            for (int shard = 0; shard < _remote.Length; shard++)
            {
                if (_remote[shard] is not null && _rows[shard] > 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    public void Begin(in ExpertWork work)
    {
        _work = work;
        ExpertRoutes routes = Route(work.Layer);
        Count(routes);

        // Opened before anything is begun, so that a failure leaves no batch half sent.
        for (int shard = 0; shard < _remote.Length; shard++)
        {
            if (_rows[shard] > 0 && _remote[shard] is { } rows)
            {
                Open(routes, shard, rows);
            }
        }

        bool any = false;
        for (int shard = 0; shard < _remote.Length; shard++)
        {
            if (_rows[shard] > 0 && _remote[shard] is { } rows)
            {
                rows.Begin(work, _rows[shard]);
                any = true;
            }
        }

        if (any)
        {
            Send(routes);
        }
    }

    public void Complete()
    {
        ExpertRoutes routes = _routes!;
        ExpertUnavailableException? failure = ComputeOwn(routes);
        for (int shard = 0; shard < _remote.Length; shard++)
        {
            if (_rows[shard] == 0 || _remote[shard] is not { } rows)
            {
                continue;
            }

            // All shards together have one limit: they work at the same time.
            int expert = rows.FirstExpert;
            if (rows.Wait(timeout - time.GetElapsedTime(_sent)) is { } error)
            {
                failure ??= new ExpertUnavailableException(_work.Layer, expert, $"shard {routes.Shards[shard].Worker}: {error}");
            }
        }

        if (failure is not null)
        {
            source.Distrust(routes);
            throw failure;
        }

        foreach (int expert in _work.Compute.Active)
        {
            _remote[routes.ShardOf(_work.Layer, expert)]?.Take(_work, _work.Compute.SlotsOf(expert));
        }
    }

    public void Dispose()
    {
        foreach (RemoteRows? rows in _remote)
        {
            rows?.Dispose();
        }
    }

    /// <summary>A shard that is going away lets nobody in, and its weights stay for as long as somebody is inside.</summary>
    private ExpertUnavailableException? ComputeOwn(ExpertRoutes routes)
    {
        int entered = 0;
        try
        {
            for (; entered < _own.Length; entered++)
            {
                if (_rows[entered] > 0 && _own[entered] is { } shard && !shard.Use.TryEnter())
                {
                    return new ExpertUnavailableException(_work.Layer, FirstOf(routes, entered), $"shard {shard.Id}: it is stopping");
                }
            }

            bool any = false;
            foreach (int expert in _work.Compute.Active)
            {
                if (_own[routes.ShardOf(_work.Layer, expert)] is { } shard)
                {
                    _work.Compute.Take(expert, shard.Bank);
                    any = true;
                }
            }

            if (any)
            {
                long start = time.GetTimestamp();
                _work.Compute.Compute();
                CountOwn(routes, time.GetElapsedTime(start));
            }

            return null;
        }
        catch (ExpertUnavailableException e)
        {
            return e;
        }
        finally
        {
            while (entered-- > 0)
            {
                if (_rows[entered] > 0)
                {
                    _own[entered]?.Use.Exit();
                }
            }
        }
    }

    private void CountOwn(ExpertRoutes routes, TimeSpan elapsed)
    {
        foreach (int expert in _work.Compute.Active)
        {
            _own[routes.ShardOf(_work.Layer, expert)]?.CountRows(_work.Layer, expert, _work.Compute.SlotsOf(expert).Length);
        }

        for (int shard = 0; shard < _own.Length; shard++)
        {
            if (_rows[shard] > 0)
            {
                _own[shard]?.CountBatch(elapsed, _rows[shard]);
            }
        }
    }

    private ExpertRoutes Route(int layer)
    {
        ExpertRoutes routes = source.Current ?? throw new ExpertUnavailableException(layer, 0, "not every expert has a shard");
        if (!ReferenceEquals(routes, _routes))
        {
            Dispose();
            _routes = routes;
            _rows = new int[routes.Shards.Count];
            _own = [.. routes.Shards.Select(shard => catalog.TryGet(shard.Worker, out ExpertShard? own) ? own : null)];
            _remote = [.. routes.Shards.Select((shard, i) => _own[i] is null ? new RemoteRows(dataPlane, shard) : null)];
        }

        return routes;
    }

    private void Count(ExpertRoutes routes)
    {
        Array.Clear(_rows);
        foreach (int expert in _work.Compute.Active)
        {
            int shard = routes.ShardOf(_work.Layer, expert);
            if (shard < 0)
            {
                throw new ExpertUnavailableException(_work.Layer, expert, "no shard holds it");
            }

            _rows[shard] += _work.Compute.SlotsOf(expert).Length;
        }
    }

    private void Open(ExpertRoutes routes, int shard, RemoteRows rows)
    {
        try
        {
            rows.Open();
        }
        catch (PeerUnreachableException e)
        {
            source.Distrust(routes);
            throw new ExpertUnavailableException(_work.Layer, FirstOf(routes, shard), e.Message, e);
        }
    }

    private void Send(ExpertRoutes routes)
    {
        foreach (int expert in _work.Compute.Active)
        {
            _remote[routes.ShardOf(_work.Layer, expert)]?.Add(_work, expert, _work.Compute.SlotsOf(expert));
        }

        for (int shard = 0; shard < _remote.Length; shard++)
        {
            if (_rows[shard] > 0)
            {
                _remote[shard]?.Send();
            }
        }

        _sent = time.GetTimestamp();
    }

    /// <summary>The first expert of the layer that rows go to at a shard, to name in an error.</summary>
    private int FirstOf(ExpertRoutes routes, int shard)
    {
        foreach (int expert in _work.Compute.Active)
        {
            if (routes.ShardOf(_work.Layer, expert) == shard)
            {
                return expert;
            }
        }

        return 0;
    }
}
