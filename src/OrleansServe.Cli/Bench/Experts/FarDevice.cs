using System.Globalization;

using OrleansServe.Engine.Moe;

namespace OrleansServe.Cli.Bench.Experts;

/// <summary>A device with some of the experts, on a thread of its own that always looks for work, as a device's kernels do.</summary>
internal sealed class FarDevice : IDisposable
{
    private readonly ExpertBank _bank;
    private readonly TimeProvider _time;
    private readonly FarBatch[] _batches;
    private readonly float[] _scratch;
    private readonly Thread _thread;
    private volatile bool _stopping;
    private volatile Exception? _failure;

    /// <param name="index">Its number.</param>
    /// <param name="bank">The experts.</param>
    /// <param name="slots">Most rows of a batch.</param>
    /// <param name="hidden">Width of a row.</param>
    /// <param name="time">Measures.</param>
    public FarDevice(int index, ExpertBank bank, int slots, int hidden, TimeProvider time)
    {
        _bank = bank;
        _time = time;
        _batches = [new FarBatch(slots, hidden), new FarBatch(slots, hidden)];
        _scratch = new float[slots * bank.ScratchPerRow];
        _thread = new Thread(Run) { IsBackground = true, Name = string.Create(CultureInfo.InvariantCulture, $"device {index}") };
        _thread.Start();
    }

    /// <summary>Timestamps of a hop.</summary>
    public long Delay { get; set; }

    /// <summary>The rows of a microbatch.</summary>
    public FarBatch this[int microbatch] => _batches[microbatch];

    /// <summary>Throws what ended the device, if anything did.</summary>
    public void Check()
    {
        if (_failure is { } failure)
        {
            throw new InvalidOperationException("a device failed", failure);
        }
    }

    public void Dispose()
    {
        _stopping = true;
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
            {
                if (Next() is { } batch)
                {
                    Compute(batch);
                }
                else
                {
                    Thread.SpinWait(1);
                }
            }
        }
#pragma warning disable CA1031 // Whoever waits for the device is told.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure = exception;
        }
    }

    // The one that came first, once it has arrived.
    private FarBatch? Next()
    {
        FarBatch? first = null;
        foreach (FarBatch batch in _batches)
        {
            if (batch.IsSent && (first is null || batch.Times.Arrived < first.Times.Arrived))
            {
                first = batch;
            }
        }

        return first is not null && _time.GetTimestamp() >= first.Times.Arrived ? first : null;
    }

    private void Compute(FarBatch batch)
    {
        long begun = _time.GetTimestamp();
        ReadOnlySpan<int> experts = batch.Experts;
        for (int first = 0, count; first < experts.Length; first += count)
        {
            for (count = 1; first + count < experts.Length && experts[first + count] == experts[first]; count++)
            {
            }

            _bank.Forward(batch.Layer, experts[first], batch.Rows(first, count), count, batch.Outputs(first, count), _scratch);
        }

        long ended = _time.GetTimestamp();
        batch.Times = batch.Times with { Begun = begun, Ended = ended, Returned = ended + Delay };
        batch.Complete();
    }
}
