using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansServe.Grains.Fleet;
using OrleansServe.Grains.Fleet.Kubernetes;
using OrleansServe.UnitTests.Model;
using Xunit;

namespace OrleansServe.UnitTests.Grains.Fleet.Kubernetes;

/// <summary>The token goes to nobody but the cluster's API server.</summary>
public sealed class KubernetesTrustTests
{
    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Read_OverTls_OnlyFromAServerOfTheAuthorityUnderItsName(bool ofAuthority, bool ofName)
    {
        using X509Certificate2 authority = Authority();
        using X509Certificate2 stranger = Authority();
        using X509Certificate2 certificate = Issue(ofAuthority ? authority : stranger, ofName ? IPAddress.Loopback : IPAddress.Parse("192.0.2.1"));
        await using ApiServer server = await ApiServer.StartAsync(certificate);
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("token"), "first");
        File.WriteAllText(folder.File("namespace"), "serving");
        File.WriteAllText(folder.File("ca.crt"), authority.ExportCertificatePem());
        KubernetesFleetOptions options = new() { Server = server.Address, Account = folder.FullPath, Attempts = 1, AttemptTimeout = TimeSpan.FromSeconds(30) };
        using KubernetesFleet fleet = new(options, TimeProvider.System, NullLogger<KubernetesFleet>.Instance);

        if (ofAuthority && ofName)
        {
            Assert.Equal(new FleetNodes(1, 4), await fleet.ReadAsync(default, CancellationToken.None));
        }
        else
        {
            await Assert.ThrowsAsync<FleetUnchangeableException>(() => fleet.ReadAsync(default, CancellationToken.None));
            Assert.Empty(server.Asked);
        }
    }

    private static X509Certificate2 Authority()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=cluster", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddHours(-1), TimeProvider.System.GetUtcNow().AddHours(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, IPAddress address)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=server", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 bare = request.Create(authority, authority.NotBefore, authority.NotAfter, [1, 2, 3, 4]);
        using X509Certificate2 whole = bare.CopyWithPrivateKey(key);

        // A key that only lives in memory is not taken by every TLS library.
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null);
    }
}
