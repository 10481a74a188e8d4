namespace OrleansServe.Abstractions.Scheduling;

/// <summary>Whose request it is and how urgent. Validated by the gateway; see <c>SchedulingOptions</c> in inference.proto.</summary>
/// <param name="Priority">Its service class.</param>
/// <param name="Tenant">Who is to share fairly with the others; never empty.</param>
[GenerateSerializer, Immutable, Alias("os.scheduling")]
public sealed record SchedulingSettings([property: Id(0)] ServicePriority Priority, [property: Id(1)] string Tenant)
{
    /// <summary>The tenant of requests that name none.</summary>
    public const string DefaultTenant = "default";

    /// <summary>What a request gets that says nothing.</summary>
    public static SchedulingSettings Default { get; } = new(ServicePriority.Standard, DefaultTenant);
}
