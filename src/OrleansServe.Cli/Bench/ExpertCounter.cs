using OrleansServe.Engine.Probes;

namespace OrleansServe.Cli.Bench;

/// <summary>Counts the distinct routed experts of each layer that the rows of a step go to.</summary>
internal sealed class ExpertCounter(int experts) : IStepProbe
{
    private readonly bool[] _seen = new bool[experts];
    private bool _counts;

    /// <summary>Experts since the last reset, summed over the layers.</summary>
    public long Count { get; private set; }

    /// <summary>Begins anew, without counting yet.</summary>
    public void Reset() => (Count, _counts) = (0, false);

    /// <summary>Counts from here on.</summary>
    public void Resume() => _counts = true;

    /// <summary>Counts no more.</summary>
    public void Pause() => _counts = false;

    /// <inheritdoc/>
    public void Rows(ProbeStage stage, int layer, ReadOnlySpan<float> rows)
    {
        // Only the routing matters here.
    }

    /// <inheritdoc/>
    public void Routing(int layer, ReadOnlySpan<float> scores, ReadOnlySpan<int> ids, ReadOnlySpan<float> weights)
    {
        Array.Clear(_seen);
        foreach (int id in ids)
        {
            Count += _seen[id] || !_counts ? 0 : 1;
            _seen[id] = true;
        }
    }
}
