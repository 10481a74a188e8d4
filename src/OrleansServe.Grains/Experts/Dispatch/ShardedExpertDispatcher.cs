using OrleansServe.Engine.Moe;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Workers;
using OrleansServe.Transfer;
using OrleansServe.Transfer.Experts;

namespace OrleansServe.Grains.Experts.Dispatch;

/// <summary>
/// Takes rows to the shards that hold their experts. Experts of this silo's shards are computed on the engine's own threads, straight from the shard's weights; rows for the
/// others travel meanwhile, one message a shard. Every output row depends on its own input alone, so the results are the same bits wherever an expert lives.
/// Rows of a shard that fails go to another one that holds their expert, within the same layer; where there is none they wait for a plan that has one.
/// Belongs to one engine's thread.
/// </summary>
internal sealed class ShardedExpertDispatcher : IExpertDispatcher, IDisposable
{
    // What a shard that is busy for a moment is given before it is asked again, where nobody else can be.
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    // What failed is left out for so long, unless the plan changes before.
    private static readonly TimeSpan SuspicionTime = TimeSpan.FromSeconds(1);

    private readonly IExpertRouteSource _source;
    private readonly WorkerCatalog _catalog;
    private readonly IDataPlane _dataPlane;
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _wait;
    private readonly TimeProvider _time;
    private readonly WorkerMetrics.Dispatcher? _metrics;
    private readonly SlotList _left = new();
    private ShardLanes? _lanes;
    private ExpertWork _work;
    private DispatchFailure _failure;
    private Deadline _answers;
    private long _failedAt;
    private bool _doubts;

    /// <param name="source">Where the routes come from.</param>
    /// <param name="catalog">This silo's shards.</param>
    /// <param name="dataPlane">The way to the others.</param>
    /// <param name="timeout">How long shards may take to answer.</param>
    /// <param name="time">The clock.</param>
    /// <param name="wait">How long rows wait for an expert that nobody can compute.</param>
    /// <param name="metrics">What is measured.</param>
    public ShardedExpertDispatcher(
        IExpertRouteSource source, WorkerCatalog catalog, IDataPlane dataPlane, TimeSpan timeout, TimeProvider time, TimeSpan wait = default, WorkerMetrics.Dispatcher? metrics = null)
    {
        _source = source;
        _catalog = catalog;
        _dataPlane = dataPlane;
        _timeout = timeout;
        _wait = wait;
        _time = time;
        _metrics = metrics;
    }

    /// <inheritdoc/>
    public bool IsAway { get; private set; }

    public void Begin(in ExpertWork work)
    {
        long start = _time.GetTimestamp();
        _work = work;
        _failure = default;
        _left.Clear();
        foreach (int expert in work.Compute.Active)
        {
            foreach (int slot in work.Compute.SlotsOf(expert))
            {
                _left.Add(expert, slot);
            }
        }

        if (_doubts && _time.GetElapsedTime(_failedAt) > SuspicionTime)
        {
            Forgive();
        }

        Follow();
        Send(evenFailed: true, out int rows);
        IsAway = rows > 0;
        _metrics?.Dispatched(_time.GetElapsedTime(start), rows, ExpertRowCodec.RowBytes(work.Format, work.Hidden) + ExpertRowCodec.OutputBytes(work.Format, work.Hidden));
    }

    /// <inheritdoc/>
    public void ComputeLocal() => _lanes?.ComputeOwn(_work, _left, ref _failure, _time);

    public void Complete()
    {
        Deadline patience = new(_time, _wait);
        Collect();
        while (_left.Count > 0)
        {
            if (_lanes is { } tried && _failure.Reason is not null)
            {
                _doubts = true;
                _failedAt = _time.GetTimestamp();
                _source.Distrust(tried.Routes);
            }

            Resend(patience);
            Collect();
        }

        if (_failure.Reason is not null)
        {
            _metrics?.Recovered(patience.Elapsed);
        }
    }

    public void Dispose() => _lanes?.Dispose();

    /// <summary>Sends what is left to others that hold its experts. Where nobody else can be asked, waits a moment, for another plan above all.</summary>
    /// <exception cref="ExpertUnavailableException">The time that rows wait has passed.</exception>
    private void Resend(in Deadline patience)
    {
        int before = _left.Count;
        Follow();
        while (Send(evenFailed: false, out _))
        {
            // One that cannot be reached is left out from then on, so that this comes to an end.
            if (_left.Count < before)
            {
                _metrics?.Retried(before - _left.Count);
                return;
            }
        }

        TimeSpan left = patience.Left;
        if (left == TimeSpan.Zero)
        {
            throw new ExpertUnavailableException(
                _work.Layer, _failure.Reason is null ? _left.Experts[0] : _failure.Expert, _failure.Reason ?? (_lanes is null ? "not every expert has a shard" : "no shard holds it"));
        }

        _source.WaitForChange(_lanes?.Routes, left < RetryInterval ? left : RetryInterval);
        Forgive();
        Follow();
        Send(evenFailed: true, out _);
    }

    private void Follow()
    {
        if (_source.Current is { } routes && !ReferenceEquals(routes, _lanes?.Routes))
        {
            _lanes?.Dispose();
            _lanes = new ShardLanes(routes, _catalog, _dataPlane);
            _doubts = false;
        }
    }

    private void Forgive()
    {
        _lanes?.Forgive();
        _doubts = false;
    }

    /// <returns>Whether any shard was found to be asked, whether it could be reached or not.</returns>
    private bool Send(bool evenFailed, out int rows)
    {
        rows = 0;
        if (_lanes is null || !_lanes.Assign(_left, _work.Layer, evenFailed))
        {
            return false;
        }

        rows = _lanes.Send(_work, _left, ref _failure);
        _answers = new Deadline(_time, _timeout);
        return true;
    }

    private void Collect()
    {
        if (_lanes is not null)
        {
            _lanes.ComputeOwn(_work, _left, ref _failure, _time);
            long start = _time.GetTimestamp();
            _lanes.Receive(_work, _left, ref _failure, _answers);
            _metrics?.Combined(_time.GetElapsedTime(start), IsAway ? _answers.Elapsed : TimeSpan.Zero);
        }
    }
}
