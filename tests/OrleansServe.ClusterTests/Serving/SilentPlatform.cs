using OrleansServe.TestKit.Clusters;

namespace OrleansServe.ClusterTests.Serving;

/// <summary>A service account of an API server at which nobody listens.</summary>
internal sealed class SilentPlatform : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansserve-account-");

    public SilentPlatform()
    {
        File.WriteAllText(Path.Combine(Account, "token"), "token");
        File.WriteAllText(Path.Combine(Account, "namespace"), "serving");
    }

    public string Account => _folder.FullName;

    public Uri Address { get; } = new($"http://127.0.0.1:{FreePort.Take()}");

    public void Dispose() => _folder.Delete(recursive: true);
}
