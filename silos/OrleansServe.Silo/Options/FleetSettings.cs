using OrleansServe.Grains.Fleet;

namespace OrleansServe.Silo.Options;

/// <summary>Settings of the fleet.</summary>
internal static class FleetSettings
{
    /// <summary>Every one, in the order of help.</summary>
    public static IReadOnlyList<SiloSetting> All { get; } =
    [
        new("Fleet", "--fleet", "KIND", "Gateway: what becomes of decisions on the fleet's size: off, dry-run or kubernetes (default off: none are taken)", (o, v) => o with { Fleet = o.Fleet with { Kind = Kind(v) } }),
        new("Scaling", "--scaling", "FILE", "JSON file of how the fleet scales; goes with --fleet", (o, v) => o with { Fleet = ScalingFile.Read(SiloSetting.Text(v), o.Fleet) }),
    ];

    /// <summary>Finds what does not go together.</summary>
    public static IEnumerable<string> Faults(FleetOptions fleet)
    {
        if (fleet.Kind != FleetKind.Off && fleet.Scaling is null)
        {
            yield return "--fleet needs --scaling: without limits and capacities nothing can be decided";
        }
    }

    private static FleetKind Kind(string text) => text switch
    {
        "off" => FleetKind.Off,
        "dry-run" => FleetKind.DryRun,
        "kubernetes" => FleetKind.Kubernetes,
        _ => throw new FormatException($"must be off, dry-run or kubernetes, not '{text}'"),
    };
}
