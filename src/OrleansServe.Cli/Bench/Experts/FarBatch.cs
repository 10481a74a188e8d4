using OrleansServe.Engine.Moe;

namespace OrleansServe.Cli.Bench.Experts;

/// <summary>
/// The rows of a microbatch for one far device, and their outputs. A device may not look at it before its arrival, nor the engine before its return: the delay is
/// in the two times, so that it takes no thread and is exact.
/// </summary>
internal sealed class FarBatch(int slots, int hidden)
{
    private readonly float[] _rows = new float[slots * hidden];
    private readonly float[] _outputs = new float[slots * hidden];
    private readonly int[] _experts = new int[slots];
    private readonly int[] _slots = new int[slots];
    private int _isSent;

    /// <summary>Layer of the rows.</summary>
    public int Layer { get; private set; }

    /// <summary>Rows.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the device has something to do.</summary>
    public bool IsSent => Volatile.Read(ref _isSent) == 1;

    /// <summary>When it was sent, when it arrives, when the device began and ended, when the outputs are back.</summary>
    public FarTimes Times { get; set; }

    /// <summary>[Count] experts, grouped.</summary>
    public ReadOnlySpan<int> Experts => _experts.AsSpan(0, Count);

    /// <summary>Some consecutive rows.</summary>
    public Span<float> Rows(int first, int count) => _rows.AsSpan(first * hidden, count * hidden);

    /// <summary>The outputs of some consecutive rows.</summary>
    public Span<float> Outputs(int first, int count) => _outputs.AsSpan(first * hidden, count * hidden);

    /// <summary>Empties it for a layer.</summary>
    public void Begin(int layer)
    {
        Layer = layer;
        Count = 0;
    }

    /// <summary>Adds the rows of an expert.</summary>
    public void Add(in ExpertWork work, int expert)
    {
        foreach (int slot in work.Compute.SlotsOf(expert))
        {
            work.Input.Span.Slice(slot / work.TopK * hidden, hidden).CopyTo(Rows(Count, 1));
            _experts[Count] = expert;
            _slots[Count++] = slot;
        }
    }

    /// <summary>Hands it to the device.</summary>
    public void Send() => Volatile.Write(ref _isSent, 1);

    /// <summary>Hands it back.</summary>
    public void Complete() => Volatile.Write(ref _isSent, 0);

    /// <summary>Puts the outputs where the engine wants them.</summary>
    public void Take(in ExpertWork work)
    {
        for (int i = 0; i < Count; i++)
        {
            Outputs(i, 1).CopyTo(work.Output.Span[(_slots[i] * hidden)..]);
        }
    }
}
