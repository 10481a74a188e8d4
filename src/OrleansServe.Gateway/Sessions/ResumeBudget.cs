namespace OrleansServe.Gateway.Sessions;

/// <summary>How often a request, or one sample of it, may lose its worker and go on.</summary>
/// <param name="limit">How often at most.</param>
internal sealed class ResumeBudget(int limit)
{
    private int _taken;

    /// <summary>How often at most.</summary>
    public int Limit { get; } = limit;

    /// <summary>Takes one more.</summary>
    /// <returns>False if none is left.</returns>
    public bool TryTake()
    {
        if (_taken == Limit)
        {
            return false;
        }

        _taken++;
        return true;
    }

    /// <summary>What is left, for one of several that go on apart.</summary>
    public ResumeBudget Fork() => new(Limit) { _taken = _taken };
}
