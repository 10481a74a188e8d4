using System.Runtime.InteropServices;
using OrleansServe.Model.Checkpoints;
using OrleansServe.Transfer.Experts;
using OrleansServe.Transfer.Wire.Connections;
using OrleansServe.Transfer.Wire.Framing;

namespace OrleansServe.Transfer.Wire.Streams;

/// <summary>The shard's end of an expert channel: rows become batches of its own, and their outputs go back as soon as the shard has them.</summary>
internal sealed class ExpertIntake(WireContext context, ServerConnection connection, uint stream, IExpertReceiver receiver) : Intake
{
    private readonly Lock _lock = new();
    private readonly Stack<Work> _idle = new();
    private int _underWay;
    private bool _isOver;

    public override bool Take(FrameType type, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case FrameType.ExpertRows:
                TakeRows(payload);
                return true;
            case FrameType.Reset:
                context.Statistics.Reset();
                End();
                return false;
            default:
                throw new WireFormatException($"{type} has no place on an expert channel");
        }
    }

    public override void OnLost(string reason) => End();

    private void TakeRows(ReadOnlySpan<byte> payload)
    {
        FieldReader fields = new(payload, FrameType.ExpertRows);
        uint number = fields.UInt32();
        int layer = fields.Int32();
        int hidden = fields.Int32();
        int count = fields.Int32();
        long epoch = unchecked((long)fields.UInt64());
        ExpertRowFormat format = (ExpertRowFormat)fields.Int32();
        if (layer < 0 || hidden <= 0 || count <= 0 || epoch < 0 || format is not (ExpertRowFormat.Exact or ExpertRowFormat.Float8)
            || (long)count * (sizeof(int) + ExpertRowCodec.RowBytes(format, hidden)) != fields.Left)
        {
            throw new WireFormatException($"{count} rows of width {hidden} for layer {layer} by epoch {epoch} in {fields.Left} bytes of format {(int)format}");
        }

        Work? work;
        lock (_lock)
        {
            // The outputs have the size of the rows: what is under way is bounded with the batches.
            work = _underWay >= context.Options.MaxExpertBatches ? null : _idle.TryPop(out Work? idle) ? idle : new Work(this);
            _underWay += work is null ? 0 : 1;
        }

        if (work is null)
        {
            Fault(number, $"{context.Options.MaxExpertBatches} batches are under way, which is the limit");
            return;
        }

        work.Number = number;
        work.Batch.Begin(layer, hidden, count, epoch, format);
        fields.Take(count * sizeof(int)).CopyTo(MemoryMarshal.AsBytes(work.Batch.Experts));
        ExpertRowCodec.ReadRows(fields.Take(fields.Left), work.Batch);
        try
        {
            receiver.Submit(work.Batch);
        }
#pragma warning disable CA1031 // A shard that throws must not take the connection, and with it everyone else's rows, down.
        catch (Exception e)
#pragma warning restore CA1031
        {
            context.Observer.OnReceiverFault("expert receiver", e);
            work.Batch.Fail($"{e.GetType().Name}: {e.Message}");
        }
    }

    private void Answer(Work work)
    {
        if (work.Batch.Error is { } error)
        {
            Fault(work.Number, error);
        }
        else if (ExpertFrame.Outputs(stream, work.Number, work.Batch) is var frame && !connection.Writer.Queue(frame))
        {
            frame.OnWritten("not queued");
            Fault(work.Number, "more waits to be sent than the limit allows");
        }

        lock (_lock)
        {
            _underWay--;
            if (!_isOver)
            {
                _idle.Push(work);
                return;
            }
        }

        work.Batch.Dispose();
    }

    private void Fault(uint number, string reason)
    {
        WireBuffer buffer = new();
        buffer.PutUInt32(number);
        buffer.PutText(reason, 1024);
        connection.Writer.Send(FrameType.ExpertFault, stream, buffer.Span);
    }

    private void End()
    {
        lock (_lock)
        {
            _isOver = true;
            while (_idle.TryPop(out Work? work))
            {
                work.Batch.Dispose();
            }
        }
    }

    private sealed class Work
    {
        public Work(ExpertIntake owner) => Batch = new ExpertBatch(_ => owner.Answer(this));

        public ExpertBatch Batch { get; }

        public uint Number { get; set; }
    }
}
