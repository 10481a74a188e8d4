using System.Diagnostics.CodeAnalysis;

namespace OrleansServe.Engine.Mtp;

/// <summary>The sequences to draft for, all in one batch. Made once and refilled, so that drafting allocates nothing.</summary>
public sealed class DraftPlan
{
    private DraftSequence[] _sequences = new DraftSequence[16];

    /// <summary>Number of sequences.</summary>
    public int Count { get; private set; }

    /// <summary>Sequence at <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not below <see cref="Count"/>.</exception>
    [SuppressMessage("Design", "CA1043", Justification = "An index is an index.")]
    public ref readonly DraftSequence this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return ref _sequences[index];
        }
    }

    /// <summary>Empties the plan and drops what it referred to.</summary>
    public void Clear()
    {
        Array.Clear(_sequences, 0, Count);
        Count = 0;
    }

    /// <summary>Appends a sequence. Two sequences of a plan must not write to the same KV block.</summary>
    public void Add(in DraftSequence sequence)
    {
        if (Count == _sequences.Length)
        {
            Array.Resize(ref _sequences, Count * 2);
        }

        _sequences[Count++] = sequence;
    }
}
