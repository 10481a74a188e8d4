namespace OrleansServe.Engine.Sampling;

/// <summary>The tokens of a sequence before the one that is drawn, in the two pieces in which a step has them.</summary>
/// <param name="earlier">those that steps before have fed</param>
/// <param name="fed">those that this step feeds, up to the row that is sampled</param>
internal readonly ref struct TokenHistory(ReadOnlySpan<int> earlier, ReadOnlySpan<int> fed)
{
    private readonly ReadOnlySpan<int> _earlier = earlier;
    private readonly ReadOnlySpan<int> _fed = fed;

    public int Length => _earlier.Length + _fed.Length;

    public int this[int position] => position < _earlier.Length ? _earlier[position] : _fed[position - _earlier.Length];
}
