using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace OrleansServe.Transfer.Wire.Connections;

/// <summary>Puts TLS around a connection, with certificates on both sides.</summary>
internal static class TlsStreams
{
    /// <summary>The dialler's side.</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The peer shows no certificate of the cluster, or does not accept ours.</exception>
    public static async Task<Stream> DialAsync(Stream stream, WireTlsOptions tls, string host, CancellationToken cancellationToken)
    {
        SslStream secured = new(stream, leaveInnerStreamOpen: false);
        await secured.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = host,
                ClientCertificates = [tls.Certificate],
                LocalCertificateSelectionCallback = (_, _, _, _, _) => tls.Certificate,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => IsOfCluster(certificate, tls),
            },
            cancellationToken).ConfigureAwait(false);
        return secured;
    }

    /// <summary>The acceptor's side.</summary>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The peer shows no certificate of the cluster, or does not accept ours.</exception>
    public static async Task<Stream> AcceptAsync(Stream stream, WireTlsOptions tls, CancellationToken cancellationToken)
    {
        SslStream secured = new(stream, leaveInnerStreamOpen: false);
        await secured.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = tls.Certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => IsOfCluster(certificate, tls),
            },
            cancellationToken).ConfigureAwait(false);
        return secured;
    }

    private static bool IsOfCluster(X509Certificate? certificate, WireTlsOptions tls)
    {
        if (certificate is not X509Certificate2 shown)
        {
            return false;
        }

        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(tls.Roots);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(shown) && (tls.PeerName is not { } name || shown.MatchesHostname(name, allowWildcards: false, allowCommonName: false));
    }
}
