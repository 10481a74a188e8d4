namespace OrleansServe.Engine.Threading;

/// <summary>Consecutive rows of a step. Buffers keep the rows of the whole step, so that a range of them needs no memory of its own.</summary>
/// <param name="First">first row</param>
/// <param name="Count">number of rows</param>
internal readonly record struct RowRange(int First, int Count)
{
    public int End => First + Count;
}
