using OrleansServe.Model.Checkpoints;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>An attention worker's end of an expert channel. A batch that nobody waits for any more keeps its place until its answer comes or the channel ends.</summary>
internal sealed class WireExpertChannel(WireContext context, PeerLink link, string address) : ClientStream, IExpertChannel
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, ExpertBatch> _sent = [];
    private readonly Queue<(uint Number, ExpertBatch Batch)> _waiting = new();
    private string _device = string.Empty;
    private ClientConnection? _connection;
    private uint _stream;
    private uint _lastNumber;
    private string? _fault;

    /// <summary>Begins to reach the shard.</summary>
    /// <exception cref="PeerUnreachableException">It could not be reached a moment ago.</exception>
    public void Start(string device)
    {
        _device = device;
        link.Open(this);
    }

    public void Send(ExpertBatch batch)
    {
        string? fault;
        lock (_lock)
        {
            long bytes = ExpertFrame.SizeOf(batch);
            fault = _fault ?? (_sent.Count >= context.Options.MaxExpertBatches ? $"{context.Options.MaxExpertBatches} batches are under way, which is the limit"
                : bytes > context.Options.MaxExpertBytes ? $"a batch of {bytes} bytes is larger than {context.Options.MaxExpertBytes}, the limit"
                : null);
            if (fault is null)
            {
                uint number = ++_lastNumber;
                _sent.Add(number, batch);
                if (_connection is null)
                {
                    _waiting.Enqueue((number, batch));
                }
                else
                {
                    fault = Post(number, batch);
                }
            }
        }

        if (fault is not null)
        {
            batch.Fail($"data-plane peer {address}: {fault}");
        }
    }

    public void Dispose()
    {
        ClientConnection? connection = _connection;
        if (End("the channel was closed") && connection is not null)
        {
            ResetFrame.Send(connection, context.Statistics, _stream, "the channel was closed");
        }
    }

    public override void OnAttached(ClientConnection connection, uint id)
    {
        List<(ExpertBatch Batch, string Fault)> failed = [];
        lock (_lock)
        {
            if (_fault is not null)
            {
                connection.Detach(id);
            }

            _connection = connection;
            _stream = id;
            WireBuffer open = new();
            new OpenFrame(StreamKind.Experts, Guid.Empty, _device, 0).Write(open);
            connection.Writer.Send(FrameType.Open, id, open.Span);
            if (_fault is not null)
            {
                ResetFrame.Send(connection, context.Statistics, id, _fault);
                return;
            }

            while (_waiting.TryDequeue(out (uint Number, ExpertBatch Batch) next))
            {
                if (Post(next.Number, next.Batch) is { } fault)
                {
                    failed.Add((next.Batch, fault));
                }
            }
        }

        foreach ((ExpertBatch batch, string fault) in failed)
        {
            batch.Fail($"data-plane peer {address}: {fault}");
        }
    }

    public override void OnFrame(FrameType type, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case FrameType.ExpertOutputs:
                TakeOutputs(payload);
                return;
            case FrameType.ExpertFault:
                FieldReader fields = new(payload, type);
                uint number = fields.UInt32();
                Remove(number)?.Fail(fields.Text("reason", 1024));
                return;
            case FrameType.Reset:
                End(ResetFrame.Read(payload));
                return;
            default:
                throw new WireFormatException($"{type} has no place in the answer to expert rows");
        }
    }

    public override void OnLost(string reason, bool isGone) => End(reason);

    private void TakeOutputs(ReadOnlySpan<byte> payload)
    {
        FieldReader fields = new(payload, FrameType.ExpertOutputs);
        uint number = fields.UInt32();
        int layer = fields.Int32();
        int hidden = fields.Int32();
        int count = fields.Int32();
        long epoch = unchecked((long)fields.UInt64());
        ExpertRowFormat format = (ExpertRowFormat)fields.Int32();
        if (Remove(number) is not { } batch)
        {
            return;
        }

        if (epoch != batch.Epoch || layer != batch.Layer || hidden != batch.Hidden || count != batch.Count || format != batch.Format
            || fields.Left != count * ExpertRowCodec.OutputBytes(format, hidden))
        {
            string fault = $"outputs of {count} rows of width {hidden} in {fields.Left} bytes for layer {layer} by epoch {epoch} in format {(int)format} answer {batch.Count} rows of width {batch.Hidden} for layer {batch.Layer} by epoch {batch.Epoch} in format {(int)batch.Format}";
            batch.Fail(fault);
            throw new WireFormatException(fault);
        }

        ExpertRowCodec.ReadOutputs(fields.Take(fields.Left), batch);
        batch.Complete();
    }

    private string? Post(uint number, ExpertBatch batch)
    {
        ExpertFrame frame = ExpertFrame.Rows(_stream, number, batch);
        if (_connection!.Writer.Queue(frame))
        {
            return null;
        }

        frame.OnWritten("not queued");
        _sent.Remove(number);
        return "more waits to be sent to it than the limit allows, or the connection has ended";
    }

    private ExpertBatch? Remove(uint number)
    {
        lock (_lock)
        {
            return _sent.Remove(number, out ExpertBatch? batch) ? batch : null;
        }
    }

    private bool End(string fault)
    {
        ExpertBatch[] left;
        lock (_lock)
        {
            if (_fault is not null)
            {
                return false;
            }

            _fault = fault;
            left = [.. _sent.Values];
            _sent.Clear();
            _waiting.Clear();
        }

        _connection?.Detach(_stream);
        foreach (ExpertBatch batch in left)
        {
            batch.Fail($"data-plane peer {address}: {fault}");
        }

        return true;
    }
}
