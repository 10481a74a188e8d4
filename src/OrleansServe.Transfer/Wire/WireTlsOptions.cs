using System.Security.Cryptography.X509Certificates;

namespace OrleansServe.Transfer.Wire;

/// <summary>
/// Mutual TLS. Both sides show a certificate, and each accepts the other's if it chains to one of the roots and, where the cluster's silos have a name in common,
/// bears that name. The host that was dialled is not looked at: pods come and go, and their addresses with them.
/// </summary>
/// <param name="Certificate">This silo's certificate with its private key.</param>
/// <param name="Roots">The authorities whose silos are accepted; no others are, whatever the machine trusts.</param>
public sealed record WireTlsOptions(X509Certificate2 Certificate, X509Certificate2Collection Roots)
{
    /// <summary>
    /// DNS name that every silo's certificate bears as a subject alternative name; null where the authority signs for this cluster alone. An authority that signs for several
    /// clusters tells them apart by it.
    /// </summary>
    public string? PeerName { get; init; }
}
