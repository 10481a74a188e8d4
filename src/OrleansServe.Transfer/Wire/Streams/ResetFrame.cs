using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>Ends a stream early and says why.</summary>
internal static class ResetFrame
{
    private const int ReasonLimit = 1024;

    public static string Read(ReadOnlySpan<byte> payload) => new FieldReader(payload, FrameType.Reset).Text("reason", ReasonLimit);

    public static void Send(WireConnection connection, WireStatistics statistics, uint stream, string reason)
    {
        WireBuffer buffer = new();
        buffer.PutText(reason, ReasonLimit);
        statistics.Reset();
        connection.Writer.Send(FrameType.Reset, stream, buffer.Span);
    }
}
