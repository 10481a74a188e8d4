using System.Buffers.Binary;
using OrleansServe.Transfer.Kv;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>The receiving end of one KV transfer.</summary>
internal sealed class KvIntake : Intake
{
    private readonly WireContext _context;
    private readonly ServerConnection _connection;
    private readonly uint _stream;
    private readonly OpenFrame _open;
    private readonly IKvReceiver _receiver;
    private int _ended;
    private int _ungranted;

    private KvIntake(WireContext context, ServerConnection connection, uint stream, OpenFrame open, IKvReceiver receiver)
    {
        _context = context;
        _connection = connection;
        _stream = stream;
        _open = open;
        _receiver = receiver;
    }

    /// <summary>Begins a transfer, unless the ticket has one.</summary>
    public static KvIntake? TryBegin(WireContext context, ServerConnection connection, uint stream, OpenFrame open, IKvReceiver receiver, out string? refusal)
    {
        KvIntake intake = new(context, connection, stream, open, receiver);
        bool isFirst = context.KvIntakes.TryAdd(open.Name, open.Id, intake);
        refusal = isFirst ? null : "another transfer uses the ticket.";
        return isFirst ? intake : null;
    }

    public override bool Take(FrameType type, ReadOnlySpan<byte> payload)
    {
        if (Volatile.Read(ref _ended) != 0)
        {
            return false;
        }

        return type switch
        {
            FrameType.KvBlock => TakeBlock(payload),
            FrameType.KvCommit => Commit(),
            FrameType.Reset => Abort(ResetFrame.Read(payload)),
            _ => throw new WireFormatException($"{type} has no place in a KV transfer"),
        };
    }

    public override void OnLost(string reason) => Abort($"the connection to the sender broke: {reason}");

    /// <summary>This side wants no more. The sender is told; the receiver, who asked for it, is not.</summary>
    public void Refuse(string reason)
    {
        if (End())
        {
            ResetFrame.Send(_connection, _context.Statistics, _stream, reason);
        }
    }

    private bool TakeBlock(ReadOnlySpan<byte> payload)
    {
        FieldReader fields = new(payload, FrameType.KvBlock);
        KvPart part = new(fields.Int32(), fields.Int32(), fields.Int32(), fields.Int32());
        int bytes = fields.Left;
        if (part.Bytes < 0 || part.Bytes > _context.Options.MaxKvBytes || part.Offset < 0 || part.Offset > part.Bytes || bytes > part.Bytes - part.Offset)
        {
            throw new WireFormatException($"{bytes} KV bytes from {part.Offset} on are no part of a payload of {part.Bytes}, of which {_context.Options.MaxKvBytes} are allowed");
        }

        _ungranted += bytes;
        int window = _context.Options.KvWindowBytes;
        if (_ungranted - bytes > window)
        {
            throw new WireFormatException($"{_ungranted} KV bytes came at once, the window is {window}");
        }

        try
        {
            _receiver.OnPart(_open.Id, part, fields.Take(bytes));
        }
#pragma warning disable CA1031 // Whatever the receiver throws refuses the transfer; the connection belongs to others too.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Refused(e);
        }

        if (_ungranted >= window / 2)
        {
            Span<byte> granted = stackalloc byte[sizeof(uint)];
            BinaryPrimitives.WriteUInt32LittleEndian(granted, (uint)_ungranted);
            _ungranted = 0;
            _connection.Writer.Send(FrameType.Window, _stream, granted);
        }

        return true;
    }

    private bool Commit()
    {
        try
        {
            _receiver.OnCommit(_open.Id);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Refused(e);
        }

        if (End())
        {
            _connection.Writer.Send(FrameType.KvCommitted, _stream, default);
        }

        return false;
    }

    private bool Abort(string reason)
    {
        if (End())
        {
            _context.Statistics.Reset();
            Tell(reason);
        }

        return false;
    }

    private bool Refused(Exception fault)
    {
        if (fault is not KvTransferException)
        {
            _context.Observer.OnReceiverFault($"KV receiver '{_open.Name}'", fault);
        }

        string reason = (fault as KvTransferException)?.Reason ?? $"{fault.GetType().Name}: {fault.Message}";
        if (End())
        {
            ResetFrame.Send(_connection, _context.Statistics, _stream, reason);
            Tell(reason);
        }

        return false;
    }

    private void Tell(string reason)
    {
        try
        {
            _receiver.OnAbort(_open.Id, reason);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _context.Observer.OnReceiverFault($"KV receiver '{_open.Name}'", e);
        }
    }

    private bool End()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return false;
        }

        _context.KvIntakes.Remove(_open.Name, _open.Id, this);
        return true;
    }
}
