using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OrleansServe.Grains.Fleet.Kubernetes;

/// <summary>A pod's service account, as it lies in its folder. The token is exchanged there every hour or so, the authority when the cluster's is: both are read each time they are needed.</summary>
internal sealed class KubernetesAccount(string folder)
{
    private const int MostBytes = 64 * 1024;

    /// <summary>The token of now.</summary>
    /// <exception cref="FleetUnchangeableException">There is none.</exception>
    public string ReadToken() => Read("token");

    /// <summary>The pod's namespace.</summary>
    /// <exception cref="FleetUnchangeableException">It is not told.</exception>
    public string ReadNamespace() => Read("namespace");

    /// <summary>Whether a server shows a certificate of the cluster's authority for the name that it was called by.</summary>
    public bool IsTrusted(X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 shown || (errors & (SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateNotAvailable)) != 0)
        {
            return false;
        }

        X509Certificate2Collection roots = [];
        try
        {
            roots.ImportFromPem(Read("ca.crt"));
            using X509Chain chain = new();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(roots);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            return chain.Build(shown);
        }
        catch (CryptographicException fault)
        {
            throw new FleetUnchangeableException($"{Path.Combine(folder, "ca.crt")} holds no certificates: {fault.Message}", fault);
        }
        finally
        {
            foreach (X509Certificate2 root in roots)
            {
                root.Dispose();
            }
        }
    }

    private string Read(string name)
    {
        string path = Path.Combine(folder, name);
        try
        {
            long length = new FileInfo(path).Length;
            string text = length <= MostBytes ? File.ReadAllText(path).Trim() : throw new FleetUnchangeableException($"{path} has at most {MostBytes} bytes, has {length}");
            return text.Length > 0 ? text : throw new FleetUnchangeableException($"{path} is empty");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FleetUnchangeableException($"the service account cannot be read: {fault.Message}", fault);
        }
    }
}
