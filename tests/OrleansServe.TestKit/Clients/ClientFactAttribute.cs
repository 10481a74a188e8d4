using Xunit;

namespace OrleansServe.TestKit.Clients;

/// <summary>A fact that needs a client of another maker; see <see cref="ClientTheoryAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClientFactAttribute : FactAttribute
{
    /// <param name="clients">Which clients.</param>
    public ClientFactAttribute(params string[] clients) => Skip = ClientTheoryAttribute.SkipReason(clients);
}
