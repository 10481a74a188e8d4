using OrleansServe.Model.Checkpoints;

namespace OrleansServe.Transfer.Experts;

/// <summary>
/// Rows of one MoE layer for the experts of one shard, and their outputs. Owned by the sender and reused from layer to layer: between
/// <see cref="Begin"/> and the end of <see cref="Wait"/> it belongs to the channel and the shard.
/// </summary>
public sealed class ExpertBatch : IDisposable
{
    private readonly ManualResetEventSlim _done = new(initialState: true, spinCount: 50);
    private float[] _rows = [];
    private float[] _outputs = [];
    private int[] _experts = [];
    private readonly Action<ExpertBatch>? _completed;
    private volatile string? _error;

    /// <summary>A batch of a sender that waits for it.</summary>
    public ExpertBatch()
    {
    }

    /// <summary>A batch whose owner is called instead, on the shard's thread, when the outputs are there or the shard failed.</summary>
    internal ExpertBatch(Action<ExpertBatch> completed) => _completed = completed;

    /// <summary>Why there are no outputs; null where there are.</summary>
    internal string? Error => _error;

    /// <summary>Epoch of the plan by which the rows go to this shard; 0 where there is no plan.</summary>
    public long Epoch { get; private set; }

    /// <summary>Numbers in which rows and outputs travel; the rows are rounded to them already.</summary>
    public ExpertRowFormat Format { get; private set; } = ExpertRowFormat.Exact;

    /// <summary>Layer index in the checkpoint.</summary>
    public int Layer { get; private set; }

    /// <summary>Width of a row.</summary>
    public int Hidden { get; private set; }

    /// <summary>How many rows.</summary>
    public int Count { get; private set; }

    /// <summary>[Count, Hidden] inputs.</summary>
    public Span<float> Rows => _rows.AsSpan(0, Count * Hidden);

    /// <summary>[Count] expert of each row.</summary>
    public Span<int> Experts => _experts.AsSpan(0, Count);

    /// <summary>[Count, Hidden] the expert's output for each row, unweighted.</summary>
    public Span<float> Outputs => _outputs.AsSpan(0, Count * Hidden);

    /// <summary>Sizes the batch; the sender then fills rows and experts and sends it.</summary>
    /// <exception cref="InvalidOperationException">It is still under way.</exception>
    public void Begin(int layer, int hidden, int count, long epoch = 0, ExpertRowFormat format = ExpertRowFormat.Exact)
    {
        if (!_done.IsSet)
        {
            throw new InvalidOperationException("The batch is still under way.");
        }

        Epoch = epoch;
        Format = format;
        Layer = layer;
        Hidden = hidden;
        Count = count;
        int values = checked(count * hidden);
        if (_rows.Length < values)
        {
            _rows = new float[values];
            _outputs = new float[values];
        }

        if (_experts.Length < count)
        {
            _experts = new int[count];
        }

        _error = null;
        _done.Reset();
    }

    /// <summary>The outputs are there.</summary>
    public void Complete()
    {
        _done.Set();
        _completed?.Invoke(this);
    }

    /// <summary>The shard cannot compute them.</summary>
    public void Fail(string error)
    {
        _error = error;
        _done.Set();
        _completed?.Invoke(this);
    }

    /// <summary>Waits for the outputs.</summary>
    /// <returns>Null when they are there; otherwise why they are not.</returns>
    public string? Wait(TimeSpan timeout, CancellationToken cancellationToken) =>
        _done.Wait(timeout, cancellationToken) ? _error : "no answer in time";

    /// <inheritdoc/>
    public void Dispose() => _done.Dispose();
}
