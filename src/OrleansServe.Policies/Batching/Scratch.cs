namespace OrleansServe.Policies.Batching;

/// <summary>
/// Memory of a thread that a decision works in. A pool's arrays will not do: it gives them up when the machine is short of memory, and then a step
/// allocates after all.
/// </summary>
internal static class Scratch
{
    /// <summary>As many elements as asked for, with whatever they held before.</summary>
    public static Span<T> Of<T>(ref T[]? memory, int length)
    {
        if (memory is null || memory.Length < length)
        {
            memory = new T[Math.Max(16, 2 * length)];
        }

        return memory.AsSpan(0, length);
    }
}
