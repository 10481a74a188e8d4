using Xunit;

namespace OrleansServe.TestKit.Clients;

/// <summary>A theory that needs a client of another maker: <see cref="PythonName"/>, or a folder of npm packages relative to the repository's root.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClientTheoryAttribute : TheoryAttribute
{
    /// <summary>Stands for <see cref="Client.PythonGrpc"/>.</summary>
    public const string PythonName = "python";

    /// <summary>Stands for <see cref="Client.Prometheus"/>.</summary>
    public const string PrometheusName = "prometheus";

    /// <summary>Stands for <see cref="Client.Kubectl"/>.</summary>
    public const string KubectlName = "kubectl";

    /// <param name="clients">Which clients.</param>
    public ClientTheoryAttribute(params string[] clients) => Skip = SkipReason(clients);

    internal static string? SkipReason(string[] clients) => clients.Select(client => Find(client).SkipReason).FirstOrDefault(reason => reason is not null);

    private static Client Find(string client) => client switch
    {
        PythonName => Client.PythonGrpc,
        PrometheusName => Client.Prometheus,
        KubectlName => Client.Kubectl,
        _ => Client.Node(RepositoryPaths.InRoot(client)),
    };
}
