namespace OrleansServe.Policies.Batching;

/// <summary>One tenant's line in <see cref="TenantAccounts"/>.</summary>
public sealed class TenantAccount
{
    internal TenantAccount(string tenant) => Tenant = tenant;

    /// <summary>Who.</summary>
    public string Tenant { get; }

    /// <summary>Tokens served, and what was added for the time spent idle.</summary>
    public long Served { get; internal set; }

    /// <summary>Requests that are here.</summary>
    internal int Requests { get; set; }

    internal long Undrained { get; set; }

    /// <summary>Counts tokens as served.</summary>
    public void Charge(long tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        Served += tokens;
        Undrained += tokens;
    }
}
