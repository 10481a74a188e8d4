using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>The first frame of each side: number 0 of its direction, written before anything else may be.</summary>
internal static class Handshake
{
    /// <summary>Introduces this silo and reads the answer.</summary>
    /// <exception cref="HandshakeRefusedException">The peer does not want to.</exception>
    /// <exception cref="WireFormatException">It does not speak the protocol.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public static async Task<Welcome> IntroduceAsync(Stream stream, FrameReader reader, Hello hello, CancellationToken cancellationToken)
    {
        WireBuffer payload = new();
        hello.Write(payload);
        await WriteAsync(stream, FrameType.Hello, payload, cancellationToken).ConfigureAwait(false);
        FrameHeader header = await ReadAsync(reader, cancellationToken).ConfigureAwait(false);
        try
        {
            return Welcome.Read(header.Type, reader.Payload);
        }
        finally
        {
            reader.Release();
        }
    }

    /// <summary>Reads a greeting and answers it. Who is welcome has been counted among the peers' names, and must leave.</summary>
    /// <exception cref="HandshakeRefusedException">It was refused; the peer has been told.</exception>
    /// <exception cref="WireFormatException">It was none.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public static async Task<Hello> ReceiveAsync(Stream stream, FrameReader reader, WireContext context, string remote, CancellationToken cancellationToken)
    {
        await ReadAsync(reader, cancellationToken).ConfigureAwait(false);
        WireBuffer payload = new();
        try
        {
            Hello hello = Hello.Read(reader.Payload);
            hello.Check(context.Options);
            context.Names.Enter(hello, remote);
            try
            {
                Welcome.Of(context.Options).Write(payload);
                await WriteAsync(stream, FrameType.Welcome, payload, cancellationToken).ConfigureAwait(false);
                return hello;
            }
            catch
            {
                context.Names.Leave(hello);
                throw;
            }
        }
        catch (HandshakeRefusedException e)
        {
            await RefuseAsync(stream, e.Code, e.Message, cancellationToken).ConfigureAwait(false);
            throw;
        }
        finally
        {
            reader.Release();
        }
    }

    /// <summary>Turns a peer away.</summary>
    public static Task RefuseAsync(Stream stream, RefusalCode code, string reason, CancellationToken cancellationToken)
    {
        WireBuffer payload = new();
        Welcome.WriteRefusal(payload, code, reason);
        return WriteAsync(stream, FrameType.Refuse, payload, cancellationToken);
    }

    private static async Task<FrameHeader> ReadAsync(FrameReader reader, CancellationToken cancellationToken) =>
        await reader.ReadAsync(cancellationToken).ConfigureAwait(false) ?? throw new IOException("the peer closed the connection before it said who it is");

    private static async Task WriteAsync(Stream stream, FrameType type, WireBuffer payload, CancellationToken cancellationToken)
    {
        byte[] frame = new byte[FrameHeader.Size + payload.Count];
        payload.Span.CopyTo(frame.AsSpan(FrameHeader.Size));
        FrameHeader.Write(frame, type, stream: 0, sequence: 0, payload.Span, default);
        await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
    }
}
