using System.Collections.Concurrent;

namespace OrleansServe.Gateway.Tokens;

/// <summary>Deliveries to use again, so that a steady stream allocates none. As many as were ever under way at once.</summary>
internal sealed class TokenDeliveries
{
    private readonly ConcurrentQueue<TokenDelivery> _free = new();

    /// <summary>An empty one.</summary>
    public TokenDelivery Take() => _free.TryDequeue(out TokenDelivery? free) ? free : new TokenDelivery(this);

    /// <summary>Takes one back that is empty again.</summary>
    public void Return(TokenDelivery delivery) => _free.Enqueue(delivery);
}
