using System.Collections;

using Microsoft.Extensions.Configuration;

namespace OrleansServe.Silo.Options;

/// <summary>
/// Collects settings from a JSON file (section <c>OrleansServe</c>), the environment (<c>ORLEANSSERVE__KEY</c>; the double underscore keeps clear of the
/// variables that Kubernetes sets for a service of that name) and the command line, each over those before it. A name that no setting has is
/// a fault, and so is a value out of range; all faults are reported together.
/// </summary>
public sealed class SiloOptionsReader
{
    /// <summary>What the environment variables of settings begin with.</summary>
    public const string EnvironmentPrefix = "ORLEANSSERVE__";

    private const string Section = "OrleansServe";

    private readonly Dictionary<string, SiloSetting> _byKey = SiloSetting.All.ToDictionary(setting => setting.Key, StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<SiloSetting, Given> _values = [];
    private readonly List<string> _faults = [];

    /// <summary>Adds the section of a JSON file.</summary>
    public SiloOptionsReader AddFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        IConfigurationRoot file;
        try
        {
            file = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path), optional: false, reloadOnChange: false).Build();
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException)
        {
            _faults.Add($"--config {path}: {exception.InnerException?.Message ?? exception.Message}");
            return this;
        }

        foreach (IConfigurationSection other in file.GetChildren().Where(child => !child.Key.Equals(Section, StringComparison.OrdinalIgnoreCase)))
        {
            _faults.Add($"{path}: {other.Key}: no such section; settings are in {Section}");
        }

        foreach (IConfigurationSection child in file.GetSection(Section).GetChildren())
        {
            if (child.Value is { } value)
            {
                Add(Origin.File, $"{path}: {Section}:{child.Key}", child.Key, value);
            }
            else
            {
                _faults.Add($"{path}: {Section}:{child.Key} must be a single value");
            }
        }

        return this;
    }

    /// <summary>Adds variables that begin with <see cref="EnvironmentPrefix"/>.</summary>
    public SiloOptionsReader AddEnvironment(IDictionary variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        foreach (DictionaryEntry variable in variables)
        {
            string name = (string)variable.Key;
            if (name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
            {
                Add(Origin.Environment, name, name[EnvironmentPrefix.Length..], variable.Value as string ?? "");
            }
        }

        return this;
    }

    /// <summary>Adds one value from the command line.</summary>
    public SiloOptionsReader AddFlag(SiloSetting setting, string value)
    {
        ArgumentNullException.ThrowIfNull(setting);
        Put(setting, new Given(Origin.CommandLine, setting.Flag, value));
        return this;
    }

    /// <summary>Adds a command line of <c>--flag value</c>, <c>--flag=value</c> and bare switches.</summary>
    public SiloOptionsReader AddArguments(IReadOnlyList<string> arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        for (int i = 0; i < arguments.Count; i++)
        {
            string[] parts = arguments[i].Split('=', 2);
            bool config = parts[0] == "--config";
            SiloSetting? setting = SiloSetting.All.FirstOrDefault(candidate => candidate.Flag == parts[0]);
            if (setting is null && !config)
            {
                _faults.Add($"{parts[0]}: no such option" + Hint(parts[0], SiloSetting.All.Select(candidate => candidate.Flag)));
                continue;
            }

            string? value = parts.Length == 2 ? parts[1] : setting is { Value.Length: 0 } ? "true" : i + 1 < arguments.Count ? arguments[++i] : null;
            if (value is null)
            {
                _faults.Add($"{parts[0]} needs a value");
            }
            else if (config)
            {
                AddFile(value);
            }
            else
            {
                AddFlag(setting!, value);
            }
        }

        return this;
    }

    /// <summary>Makes the options.</summary>
    /// <param name="defaults">What holds where nothing is said.</param>
    /// <exception cref="SiloOptionsException">At least one setting is unknown or cannot be used.</exception>
    public SiloOptions Read(SiloOptions defaults)
    {
        SiloOptions options = defaults;
        List<string> faults = [.. _faults];
        foreach (SiloSetting setting in SiloSetting.All)
        {
            if (!_values.TryGetValue(setting, out Given given))
            {
                continue;
            }

            try
            {
                options = setting.Apply(options, given.Value);
            }
            catch (FormatException exception)
            {
                faults.Add($"{given.Name} {exception.Message}");
            }
        }

        options = ClusteringSettings.Complete(options, key => _values.ContainsKey(_byKey[key]), faults);
        if (options.Clustering.Redis is null && !options.Roles.HasFlag(SiloRoleList.WholeCluster))
        {
            faults.Add($"--roles must have {SiloRoleList.Format(SiloRoleList.WholeCluster)} where there is one process, not only {SiloRoleList.Format(options.Roles)}; several need --redis");
        }

        faults.AddRange(FleetSettings.Faults(options.Fleet));
        faults.AddRange(PortFaults(options));

        DataPlaneOptions plane = options.DataPlane;
        string?[] files = [plane.Certificate, plane.Key, plane.Authority];
        if (files.Any(file => file is null) && files.Any(file => file is not null))
        {
            faults.Add("--tls-certificate, --tls-key and --tls-authority must be given together");
        }

        if (plane.PeerName is not null && plane.Certificate is null)
        {
            faults.Add("--tls-peer-name goes with --tls-certificate, --tls-key and --tls-authority");
        }

        return faults.Count == 0 ? options : throw new SiloOptionsException(faults);
    }

    /// <summary>Ports of this process that are the same.</summary>
    private static IEnumerable<string> PortFaults(SiloOptions options)
    {
        List<(string Flag, int Port)> ports = [("--http-port", options.HttpPort)];
        if (options.Roles.HasFlag(SiloRole.Gateway))
        {
            ports.Insert(0, ("--port", options.Port));
        }

        if (options.Clustering.Redis is not null)
        {
            ports.Add(("--silo-port", options.Clustering.Port));
        }

        if (options.DataPlane.Kind == DataPlaneKind.Tcp)
        {
            ports.Add(("--data-plane-port", options.DataPlane.Port));
        }

        return ports.SelectMany((first, i) => ports.Skip(i + 1).Where(second => second.Port == first.Port && first.Port != 0)
            .Select(second => $"{first.Flag} and {second.Flag} must differ, and are both {first.Port}"));
    }

    private void Add(Origin origin, string name, string key, string value)
    {
        if (_byKey.TryGetValue(key, out SiloSetting? setting))
        {
            Put(setting, new Given(origin, name, value));
        }
        else
        {
            _faults.Add($"{name}: no such setting" + Hint(key, _byKey.Keys));
        }
    }

    private static string Hint(string name, IEnumerable<string> known) => SettingNames.Nearest(name, known) is { } nearest ? $"; the nearest is {nearest}" : "";

    private void Put(SiloSetting setting, Given given)
    {
        if (!_values.TryGetValue(setting, out Given present) || given.Origin >= present.Origin)
        {
            _values[setting] = given;
        }
    }

    // In the order of precedence.
    private enum Origin
    {
        File,
        Environment,
        CommandLine,
    }

    private readonly record struct Given(Origin Origin, string Name, string Value);
}
