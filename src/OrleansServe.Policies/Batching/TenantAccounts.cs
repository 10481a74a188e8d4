namespace OrleansServe.Policies.Batching;

/// <summary>
/// Tokens served to each tenant, so that the one served least can go first. Whoever comes back from idleness is counted up to the least of those
/// who stayed: it gets its share from now on, and no credit for the past. Not thread-safe.
/// </summary>
/// <remarks>Virtual token counters: Sheng and others, Fairness in Serving Large Language Models, 2024.</remarks>
/// <param name="maxIdle">Tenants without requests that are remembered at most.</param>
public sealed class TenantAccounts(int maxIdle = 1024)
{
    private readonly Dictionary<string, TenantAccount> _accounts = new(StringComparer.Ordinal);
    private int _active;
    private long _floor;

    /// <summary>Tenants that are remembered.</summary>
    public int Count => _accounts.Count;

    /// <summary>A request of a tenant arrives.</summary>
    public TenantAccount Enter(string tenant)
    {
        if (!_accounts.TryGetValue(tenant, out TenantAccount? account))
        {
            _accounts[tenant] = account = new TenantAccount(tenant);
        }

        if (account.Requests == 0)
        {
            RaiseFloor();
            _active++;
            account.Served = Math.Max(account.Served, _floor);
        }

        account.Requests++;
        return account;
    }

    /// <summary>A request has ended.</summary>
    public void Leave(TenantAccount account)
    {
        ArgumentNullException.ThrowIfNull(account);
        if (--account.Requests > 0)
        {
            return;
        }

        if (--_active == 0)
        {
            // The last to leave sets what the next find.
            _floor = Math.Max(_floor, account.Served);
        }

        Forget();
    }

    /// <summary>Tokens charged since the last call, by tenant, in the order of their names.</summary>
    public IReadOnlyList<(string Tenant, long Tokens)> Drain()
    {
        List<(string Tenant, long Tokens)> drained = [];
        foreach (TenantAccount account in _accounts.Values)
        {
            if (account.Undrained > 0)
            {
                drained.Add((account.Tenant, account.Undrained));
                account.Undrained = 0;
            }
        }

        drained.Sort(static (a, b) => string.CompareOrdinal(a.Tenant, b.Tenant));
        return drained;
    }

    /// <summary>The account of a tenant that has requests here; null for others.</summary>
    public TenantAccount? Find(string tenant) => _accounts.TryGetValue(tenant, out TenantAccount? account) && account.Requests > 0 ? account : null;

    private void RaiseFloor()
    {
        long least = long.MaxValue;
        foreach (TenantAccount account in _accounts.Values)
        {
            least = account.Requests > 0 ? Math.Min(least, account.Served) : least;
        }

        _floor = least == long.MaxValue ? _floor : Math.Max(_floor, least);
    }

    /// <summary>Forgets the idle tenants whose count says nothing any more, or, where they are too many, the ones that were served least.</summary>
    private void Forget()
    {
        if (_accounts.Count - _active <= maxIdle)
        {
            return;
        }

        RaiseFloor();
        TenantAccount[] idle = [.. _accounts.Values.Where(account => account.Requests == 0).OrderBy(account => account.Served).ThenBy(account => account.Tenant, StringComparer.Ordinal)];
        int surplus = idle.Length - (maxIdle / 2);
        for (int i = 0; i < idle.Length && (i < surplus || idle[i].Served <= _floor); i++)
        {
            _accounts.Remove(idle[i].Tenant);
        }
    }
}
