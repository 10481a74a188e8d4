using OrleansServe.Transfer.Wire;

using Prometheus;

namespace OrleansServe.Silo.DataPlane;

/// <summary>What the data plane over TCP counts, as metrics. Their only label is the silo: peers come and go.</summary>
public sealed class DataPlaneMetrics
{
    private const string Prefix = "orleansserve_data_plane_";

    private readonly List<Action<WireCounters>> _series = [];
    private readonly IMetricFactory _factory;
    private readonly string _node;

    /// <param name="factory">Where they are published.</param>
    /// <param name="node">Name of the silo.</param>
    public DataPlaneMetrics(IMetricFactory factory, string node)
    {
        _factory = factory;
        _node = node;
        AddCounter("sent_bytes_total", "Bytes written, headers included.", static counters => counters.BytesSent);
        AddCounter("received_bytes_total", "Bytes of whole frames read, headers included.", static counters => counters.BytesReceived);
        AddCounter("sent_frames_total", "Frames written.", static counters => counters.FramesSent);
        AddCounter("received_frames_total", "Frames read whose checksum held.", static counters => counters.FramesReceived);
        AddCounter("checksum_errors_total", "Frames whose checksum did not hold.", static counters => counters.ChecksumErrors);
        AddCounter("protocol_errors_total", "Connections given up because the peer broke the protocol.", static counters => counters.ProtocolErrors);
        AddCounter("stream_resets_total", "Streams that ended early.", static counters => counters.Resets);
        AddCounter("refused_connections_total", "Connections refused at the handshake.", static counters => counters.Refused);
        AddCounter("lost_connections_total", "Connections that broke or went silent.", static counters => counters.PeersLost);
        AddCounter("token_resumes_total", "Token channels that went on over a new connection.", static counters => counters.TokenResumes);
        AddCounter("duplicate_token_frames_total", "Token frames that came again after a resume and were dropped.", static counters => counters.TokenDuplicates);
        AddGauge("streams", "Streams open.", static counters => counters.StreamsOpen);
        AddGauge("connections", "Connections open.", static counters => counters.Connections);
        AddGauge("peers", "Silos that this one is connected to.", static counters => counters.Peers);
    }

    /// <summary>Brings the metrics up to what has been counted.</summary>
    public void Publish(in WireCounters counters)
    {
        foreach (Action<WireCounters> series in _series)
        {
            series(counters);
        }
    }

    private void AddCounter(string name, string help, Func<WireCounters, long> value)
    {
        Counter.Child counter = _factory.CreateCounter(Prefix + name, help, ["node"]).WithLabels(_node);
        _series.Add(counters => counter.IncTo(value(counters)));
    }

    private void AddGauge(string name, string help, Func<WireCounters, long> value)
    {
        Gauge.Child gauge = _factory.CreateGauge(Prefix + name, help, ["node"]).WithLabels(_node);
        _series.Add(counters => gauge.Set(value(counters)));
    }
}
