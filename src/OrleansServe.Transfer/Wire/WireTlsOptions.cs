using System.Security.Cryptography.X509Certificates;

namespace OrleansServe.Transfer.Wire;

/// <summary>
/// Mutual TLS. Both sides show a certificate, and each accepts the other's if it chains to one of the roots. Whom a certificate names is not looked at: every
/// silo that the cluster's own authority has signed belongs to the cluster, wherever its pod runs.
/// </summary>
/// <param name="Certificate">This silo's certificate with its private key.</param>
/// <param name="Roots">The authorities whose silos are accepted; no others are, whatever the machine trusts.</param>
public sealed record WireTlsOptions(X509Certificate2 Certificate, X509Certificate2Collection Roots);
