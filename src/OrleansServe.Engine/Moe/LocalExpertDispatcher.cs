namespace OrleansServe.Engine.Moe;

/// <summary>Computes every routed expert from a bank in this process.</summary>
/// <param name="bank">the experts; stays the caller's</param>
public sealed class LocalExpertDispatcher(ExpertBank bank) : IExpertDispatcher
{
    private ExpertCompute? _compute;

    /// <summary>One that computes the same experts and may be in flight beside this one.</summary>
    public LocalExpertDispatcher Another() => new(bank);

    /// <inheritdoc/>
    public bool IsAway => false;

    /// <inheritdoc/>
    public void Begin(in ExpertWork work) => _compute = work.Compute;

    /// <inheritdoc/>
    /// <exception cref="ExpertUnavailableException">An expert is not in the bank.</exception>
    public void Complete()
    {
        foreach (var expert in _compute!.Active)
        {
            _compute.Take(expert, bank);
        }

        _compute.Compute();
    }
}
