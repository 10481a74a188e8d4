using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Engine;
using OrleansServe.Engine.Weights;
using OrleansServe.Grains;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Workers;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Transfer;
using OrleansServe.UnitTests.Engine;
using Prometheus;

namespace OrleansServe.UnitTests.Grains.Workers;

/// <summary>The embedded model and what a worker needs beside it.</summary>
internal sealed class WorkerRig : IDisposable
{
    public static readonly byte[] KvFormat = [1, 2, 3];
    private readonly Checkpoint _checkpoint = Checkpoint.Open(Repository.TinyR1);
    private readonly ModelWeights _weights;

    public WorkerRig() => _weights = ModelWeights.Load(_checkpoint, options: null, progress: null, default);

    public static string KvFormatHex { get; } = Convert.ToHexStringLower(KvFormat);

    public int Layers => _checkpoint.Config.KvLayers;

    public int BytesPerBlockLayer => 64 * (_checkpoint.Config.KvLoraRank + _checkpoint.Config.QkRopeHeadDim) * sizeof(float);

    public WatchedEngine Engine(int kvBlocks = 16) =>
        new(new CpuEngine(_weights, new EngineOptions { KvBlocks = kvBlocks, MaxBatchTokens = 128, Threads = 1 }));

    public WorkerContext Context(IDataPlane plane, int maxRequests = 256, TimeProvider? time = null, int speculativeTokens = 1, CollectorRegistry? metrics = null) => new(
        new WorkerModel("tiny", _checkpoint, "weights", KvFormat),
        new WorkerOptions { Node = "silo", MaxRequests = maxRequests, SpeculativeTokens = speculativeTokens },
        new ServiceOptions(),
        plane,
        time ?? TimeProvider.System,
        new WorkerMetrics(Metrics.WithCustomRegistry(metrics ?? Metrics.NewCustomRegistry())),
        NullLogger.Instance);

    public void Dispose()
    {
        _weights.Dispose();
        _checkpoint.Dispose();
    }
}
