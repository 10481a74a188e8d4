using System.Diagnostics;

namespace OrleansServe.TestKit.Clients;

/// <summary>
/// A client that others wrote. Its tests fail where it is not installed and say how to install it; they are skipped only where the variable
/// <see cref="SkipVariable"/> names it, so that no run passes without them by accident.
/// </summary>
public sealed class Client
{
    /// <summary>Names, separated by commas, of the clients that this machine cannot have.</summary>
    public const string SkipVariable = "ORLEANSSERVE_SKIP_CLIENTS";

    /// <summary>Path of a Redis server that is not where Debian puts it.</summary>
    public const string RedisVariable = "ORLEANSSERVE_REDIS_SERVER";

    /// <summary>Debian's Python, the one that its python3-grpcio belongs to.</summary>
    public const string Python = "/usr/bin/python3";

    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(60);
    private readonly Lazy<bool> _installed;

    private Client(string name, string remedy, Func<bool> isInstalled)
    {
        Name = name;
        Remedy = remedy;
        _installed = new Lazy<bool>(isInstalled);
    }

    /// <summary>grpcio for Debian's Python.</summary>
    public static Client PythonGrpc { get; } = new(
        "python3-grpcio",
        "apt-get install python3-grpcio python3-protobuf",
        static () => File.Exists(Python) && Succeeds(Python, "-c", "import grpc, google.protobuf"));

    /// <summary>Prometheus and its promtool: on the path, or where <c>./orleansserve test</c> unpacks Debian's package.</summary>
    public static Client Prometheus { get; } = new(
        "prometheus",
        "apt-get install prometheus",
        static () => Succeeds(Program("prometheus"), "--version") && Succeeds(Program("promtool"), "--version"));

    /// <summary>kubectl with a kustomize that knows components.</summary>
    public static Client Kubectl { get; } = new(
        "kubectl",
        "install kubectl 1.27 or later (https://kubernetes.io/docs/tasks/tools)",
        static () => Succeeds("kubectl", "kustomize", RepositoryPaths.InRoot("k8s", "overlays", "gpu-pool"), "--output", "/dev/null"));

    /// <summary>Debian's Redis server, or the one that <see cref="RedisVariable"/> names.</summary>
    public static Client RedisServer { get; } = new("redis-server", "apt-get install redis-server", static () => RedisServerProgram is { } program && Succeeds(program, "--version"));

    /// <summary>Path of the Redis server; null where there is none.</summary>
    public static string? RedisServerProgram =>
        new[] { Environment.GetEnvironmentVariable(RedisVariable), "/usr/bin/redis-server", "/usr/local/bin/redis-server" }.FirstOrDefault(File.Exists);

    /// <summary>What the skip variable calls it.</summary>
    public string Name { get; }

    /// <summary>The command that installs it.</summary>
    public string Remedy { get; }

    /// <summary>Whether it can be used.</summary>
    public bool IsInstalled => _installed.Value;

    /// <summary>Why its tests are left out; null where they run.</summary>
    public string? SkipReason => !IsInstalled && IsNamed(Name) ? $"{Name} is not installed and {SkipVariable} names it. To install it: {Remedy}" : null;

    /// <summary>The npm packages that a folder's <c>package.json</c> names.</summary>
    /// <param name="folder">Full path of the folder.</param>
    public static Client Node(string folder)
    {
        string relative = Path.GetRelativePath(RepositoryPaths.Root, folder);
        return new Client(
            $"node:{Path.GetFileName(folder)}",
            $"npm --prefix {relative} ci (with nodejs and npm installed)",
            () => Directory.Exists(Path.Combine(folder, "node_modules")) && Succeeds("node", "--version"));
    }

    /// <summary>A program of Debian's: its name where it is on the path, else its place among the unpacked packages.</summary>
    public static string Program(string name)
    {
        string unpacked = RepositoryPaths.InRoot("artifacts", "tools", "usr", "bin", name);
        return File.Exists(unpacked) ? unpacked : name;
    }

    /// <summary>Fails where it is not installed.</summary>
    /// <exception cref="ClientMissingException">It is not.</exception>
    public void Require()
    {
        if (!IsInstalled)
        {
            throw new ClientMissingException($"{Name} is not installed. Run: {Remedy}. Where it cannot be had, set {SkipVariable}={Name}.");
        }
    }

    // "node" stands for every folder of packages: where there is no Node.js, there is none of them.
    private static bool IsNamed(string name) => (Environment.GetEnvironmentVariable(SkipVariable) ?? "")
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Any(entry => entry == name || name.StartsWith(entry + ":", StringComparison.Ordinal));

    private static bool Succeeds(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            if (!process.WaitForExit(ProbeLimit))
            {
                process.Kill();
                return false;
            }

            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
