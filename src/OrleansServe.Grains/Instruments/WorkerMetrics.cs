using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.Batching;
using Prometheus;

namespace OrleansServe.Grains.Instruments;

/// <summary>What workers publish, by node, device and role.</summary>
internal sealed partial class WorkerMetrics(IMetricFactory factory)
{
    private static readonly string[] Labels = ["node", "device", "role"];

    private readonly Histogram _stepSeconds = factory.CreateHistogram(
        MetricNames.EngineStepSeconds, "Time of one engine step.", Labels, new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.0001, 2, 18) });

    private readonly Histogram _batchSize = factory.CreateHistogram(
        MetricNames.EngineBatchSize, "Sequences in one engine step.", Labels, new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(1, 2, 11) });

    private readonly Counter _tokens = factory.CreateCounter(MetricNames.EngineTokens, "Tokens fed to the engine.", Labels);
    private readonly Counter _hitTokens = factory.CreateCounter(MetricNames.PrefixCacheHitTokens, "Prompt tokens found in the prefix cache.", Labels);
    private readonly Histogram _draftSeconds = factory.CreateHistogram(
        MetricNames.DraftSeconds, "Time of drafting for one step.", Labels, new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.00005, 2, 18) });

    private readonly Counter _drafted = factory.CreateCounter(MetricNames.DraftTokens, "Drafts verified.", Labels);
    private readonly Counter _accepted = factory.CreateCounter(MetricNames.DraftTokensAccepted, "Drafts that became tokens.", Labels);
    private readonly Counter _streamSteps = factory.CreateCounter(MetricNames.StreamSteps, "Steps of streams: one that two streams share counts twice.", Labels);
    private readonly Counter _streamTokens = factory.CreateCounter(MetricNames.StreamTokens, "Tokens that steps brought to streams.", Labels);
    private readonly Counter _served = factory.CreateCounter(MetricNames.ServedTokens, "Tokens computed for requests of a class.", [.. Labels, "class"]);
    private readonly Counter _preemptions = factory.CreateCounter(MetricNames.Preemptions, "Requests that had to give their KV blocks back for others.", Labels);
    private readonly Counter _recomputed = factory.CreateCounter(MetricNames.RecomputedTokens, "Tokens computed again after a preemption.", Labels);
    private readonly Gauge _blocksTotal = factory.CreateGauge(MetricNames.KvBlocksTotal, "KV blocks of the engine.", Labels);
    private readonly Gauge _blocksUsed = factory.CreateGauge(MetricNames.KvBlocksUsed, "KV blocks that requests hold or have reserved.", Labels);
    private readonly Gauge _blocksCached = factory.CreateGauge(MetricNames.KvBlocksCached, "Free KV blocks that serve as prefix cache.", Labels);
    private readonly Gauge _running = factory.CreateGauge(MetricNames.WorkerRequestsRunning, "Requests in the running batch.", Labels);
    private readonly Gauge _queued = factory.CreateGauge(MetricNames.WorkerRequestsQueued, "Requests accepted and not yet running.", Labels);
    private readonly Gauge _queuedTokens = factory.CreateGauge(MetricNames.WorkerQueuedTokens, "Prompt tokens accepted and not yet computed.", Labels);

    private readonly Counter _bytesRead = factory.CreateCounter(MetricNames.ModelBytesRead, "Bytes of the checkpoint's tensors that were read.", ["node", "purpose"]);
    /// <summary>What starting a silo's workers has read of the checkpoint.</summary>
    public void ModelRead(string node, long loaded, long hashed)
    {
        _bytesRead.WithLabels(node, "load").Inc(loaded);
        _bytesRead.WithLabels(node, "hash").Inc(hashed);
    }

    public Worker ForWorker(WorkerId id, WorkerRole role) => new(this, [id.Node, id.Device, MetricLabels.Of(role)]);

    /// <summary>One worker's series, looked up once.</summary>
    public sealed class Worker(WorkerMetrics metrics, string[] labels)
    {
        private readonly Histogram.Child _stepSeconds = metrics._stepSeconds.WithLabels(labels);
        private readonly Histogram.Child _batchSize = metrics._batchSize.WithLabels(labels);
        private readonly Counter.Child _tokens = metrics._tokens.WithLabels(labels);
        private readonly Counter.Child _hitTokens = metrics._hitTokens.WithLabels(labels);
        private readonly Histogram.Child _draftSeconds = metrics._draftSeconds.WithLabels(labels);
        private readonly Counter.Child _drafted = metrics._drafted.WithLabels(labels);
        private readonly Counter.Child _accepted = metrics._accepted.WithLabels(labels);
        private readonly Counter.Child _streamSteps = metrics._streamSteps.WithLabels(labels);
        private readonly Counter.Child _streamTokens = metrics._streamTokens.WithLabels(labels);
        private readonly Counter.Child _preemptions = metrics._preemptions.WithLabels(labels);
        private readonly Counter.Child _recomputed = metrics._recomputed.WithLabels(labels);

        private readonly Counter.Child[] _served =
            [.. Enum.GetValues<ServiceClass>().Select(serviceClass => metrics._served.WithLabels([.. labels, MetricLabels.Of(serviceClass)]))];

        private readonly Gauge.Child _blocksTotal = metrics._blocksTotal.WithLabels(labels);
        private readonly Gauge.Child _blocksUsed = metrics._blocksUsed.WithLabels(labels);
        private readonly Gauge.Child _blocksCached = metrics._blocksCached.WithLabels(labels);
        private readonly Gauge.Child _running = metrics._running.WithLabels(labels);
        private readonly Gauge.Child _queued = metrics._queued.WithLabels(labels);
        private readonly Gauge.Child _queuedTokens = metrics._queuedTokens.WithLabels(labels);

        public void Step(TimeSpan elapsed, int tokens, int sequences)
        {
            _stepSeconds.Observe(elapsed.TotalSeconds);
            _batchSize.Observe(sequences);
            _tokens.Inc(tokens);
        }

        public void Drafted(TimeSpan elapsed) => _draftSeconds.Observe(elapsed.TotalSeconds);

        public void Verified(int drafted, int accepted)
        {
            _drafted.Inc(drafted);
            _accepted.Inc(accepted);
            _streamSteps.Inc();
            _streamTokens.Inc(1 + accepted);
        }

        public void Served(ServiceClass serviceClass, int tokens) => _served[(int)serviceClass].Inc(tokens);

        public void Preempted() => _preemptions.Inc();

        public void Recomputed(int tokens) => _recomputed.Inc(tokens);

        public void CachedTokens(int tokens) => _hitTokens.Inc(tokens);

        public void Load(WorkerLoad load)
        {
            _blocksTotal.Set(load.KvBlocksTotal);
            _blocksUsed.Set(load.KvBlocksUsed);
            _blocksCached.Set(load.KvBlocksCached);
            _running.Set(load.RunningRequests);
            _queued.Set(load.QueuedRequests);
            _queuedTokens.Set(load.QueuedTokens);
        }
    }
}
