using System.Buffers.Binary;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>A token channel on the connection that carries it now. Confirms what has come every so many frames, and with each ping.</summary>
internal sealed class TokenIntake(WireContext context, ServerConnection connection, uint stream, TokenChannelState state) : Intake
{
    private const int ConfirmEvery = 32;
    private const int ConfirmBytes = 64 * 1024;

    private readonly Lock _lock = new();
    private int _frames;
    private int _bytes;

    /// <summary>Says how far the channel has come: one that goes on over this connection sends what follows.</summary>
    public void Begin(bool isResumed)
    {
        if (isResumed)
        {
            context.Statistics.TokensResumed();
        }

        Confirm(state.Taken);
    }

    public override bool Take(FrameType type, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case FrameType.Tokens:
                if (state.Take(this, payload, out bool isNew) is not { } taken)
                {
                    return false;
                }

                if (!isNew)
                {
                    context.Statistics.TokensDoubled();
                }

                lock (_lock)
                {
                    _frames++;
                    _bytes += payload.Length;
                    if (_frames >= ConfirmEvery || _bytes >= ConfirmBytes)
                    {
                        Confirm(taken);
                    }
                }

                return true;
            case FrameType.TokensEnd:
                state.End();
                Confirm(state.Taken);
                return false;
            case FrameType.Reset:
                context.Statistics.Reset();
                state.End();
                return false;
            default:
                throw new WireFormatException($"{type} has no place on a token channel");
        }
    }

    public override bool WaitsForPeer => true;

    public override void OnLost(string reason) => state.Detach(this);

    public override void OnPeerGone() => state.EndUnlessCarried();

    public override void OnTick()
    {
        lock (_lock)
        {
            if (_frames > 0)
            {
                Confirm(state.Taken);
            }
        }
    }

    private void Confirm(ulong taken)
    {
        _frames = 0;
        _bytes = 0;
        Span<byte> position = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(position, taken);
        connection.Writer.Send(FrameType.TokensTaken, stream, position);
    }
}
