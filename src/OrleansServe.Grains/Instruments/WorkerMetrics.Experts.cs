using System.Collections.Frozen;
using System.Globalization;
using OrleansServe.Abstractions.Workers;
using Prometheus;

namespace OrleansServe.Grains.Instruments;

/// <summary>What expert shards publish, and the ways to them.</summary>
internal sealed partial class WorkerMetrics
{
    private readonly Counter _expertRows = factory.CreateCounter(MetricNames.ExpertRows, "Rows computed by routed experts.", [.. Labels, "layer"]);

    private readonly Histogram _expertSeconds = factory.CreateHistogram(
        MetricNames.ExpertBatchSeconds, "Time of one batch of rows on an expert shard.", Labels, new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.00001, 2, 18) });

    private readonly Counter _expertsLoaded = factory.CreateCounter(MetricNames.ExpertsLoaded, "Experts loaded while serving.", Labels);
    private readonly Counter _expertBytesLoaded = factory.CreateCounter(MetricNames.ExpertLoadedBytes, "Bytes of the experts loaded while serving.", Labels);

    private readonly Histogram _dispatchSeconds = factory.CreateHistogram(
        MetricNames.ExpertDispatchSeconds, "Time of sending a layer's rows to shards.", Labels, new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.000002, 2, 20) });

    private readonly Histogram _combineSeconds = factory.CreateHistogram(
        MetricNames.ExpertCombineSeconds, "Wait for a layer's outputs from shards.", Labels, new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.000002, 2, 24) });

    private readonly Counter _awaySeconds = factory.CreateCounter(MetricNames.ExpertAwaySeconds, "Time from sending a layer's rows to shards of other silos until all outputs were taken.", Labels);

    private readonly Histogram _recoverySeconds = factory.CreateHistogram(
        MetricNames.ExpertRecoverySeconds, "Time that a layer took whose rows a shard failed.", Labels, new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.0001, 2, 20) });

    private readonly Counter _dispatchedRows = factory.CreateCounter(MetricNames.ExpertDispatchedRows, "Rows sent to shards of other silos.", Labels);
    private readonly Counter _dispatchedBytes = factory.CreateCounter(MetricNames.ExpertDispatchedBytes, "Bytes of those rows and of their outputs.", Labels);
    private readonly Counter _retriedRows = factory.CreateCounter(MetricNames.ExpertRetriedRows, "Rows that a shard failed and another one was asked for.", Labels);

    /// <summary>An expert shard's series, looked up once.</summary>
    public ExpertShard ForExpertShard(WorkerId id, IEnumerable<int> layers) => new(this, [id.Node, id.Device, MetricLabels.Of(WorkerRole.Expert)], layers);

    /// <summary>The series of a worker's dispatcher, looked up once.</summary>
    public Dispatcher ForDispatcher(WorkerId id, WorkerRole role) => new(this, [id.Node, id.Device, MetricLabels.Of(role)]);

    /// <summary>One expert shard's series: by layer, not by expert, of which a model has thousands.</summary>
    public sealed class ExpertShard(WorkerMetrics metrics, string[] labels, IEnumerable<int> layers)
    {
        private readonly FrozenDictionary<int, Counter.Child> _rows =
            layers.ToFrozenDictionary(layer => layer, layer => metrics._expertRows.WithLabels([.. labels, layer.ToString(CultureInfo.InvariantCulture)]));

        private readonly Histogram.Child _seconds = metrics._expertSeconds.WithLabels(labels);
        private readonly Counter.Child _loaded = metrics._expertsLoaded.WithLabels(labels);
        private readonly Counter.Child _loadedBytes = metrics._expertBytesLoaded.WithLabels(labels);

        public void Batch(int layer, TimeSpan elapsed, int rows)
        {
            _rows[layer].Inc(rows);
            _seconds.Observe(elapsed.TotalSeconds);
        }

        public void Loaded(long bytes)
        {
            _loaded.Inc();
            _loadedBytes.Inc(bytes);
        }
    }

    /// <summary>One dispatcher's series.</summary>
    public sealed class Dispatcher(WorkerMetrics metrics, string[] labels)
    {
        private readonly Histogram.Child _dispatch = metrics._dispatchSeconds.WithLabels(labels);
        private readonly Histogram.Child _combine = metrics._combineSeconds.WithLabels(labels);
        private readonly Counter.Child _away = metrics._awaySeconds.WithLabels(labels);
        private readonly Histogram.Child _recovery = metrics._recoverySeconds.WithLabels(labels);
        private readonly Counter.Child _rows = metrics._dispatchedRows.WithLabels(labels);
        private readonly Counter.Child _bytes = metrics._dispatchedBytes.WithLabels(labels);
        private readonly Counter.Child _retried = metrics._retriedRows.WithLabels(labels);

        /// <summary>A layer's rows have been sent.</summary>
        /// <param name="elapsed">What sending took.</param>
        /// <param name="rows">Rows that left the silo.</param>
        /// <param name="rowBytes">Bytes of a row there and back.</param>
        public void Dispatched(TimeSpan elapsed, int rows, long rowBytes)
        {
            _dispatch.Observe(elapsed.TotalSeconds);
            if (rows > 0)
            {
                _rows.Inc(rows);
                _bytes.Inc((double)rows * (sizeof(int) + rowBytes));
            }
        }

        /// <summary>A layer's outputs are there.</summary>
        /// <param name="waited">The engine waited for them, and did nothing else.</param>
        /// <param name="away">Since their rows were sent; zero if none left the silo.</param>
        public void Combined(TimeSpan waited, TimeSpan away)
        {
            _combine.Observe(waited.TotalSeconds);
            _away.Inc(away.TotalSeconds);
        }

        public void Retried(int rows) => _retried.Inc(rows);

        public void Recovered(TimeSpan elapsed) => _recovery.Observe(elapsed.TotalSeconds);
    }
}
