using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Gateway.Validation;

/// <summary>What <c>SchedulingOptions</c> may say.</summary>
internal static class SchedulingRules
{
    /// <summary>Longest tenant name, in characters.</summary>
    public const int MaxTenantLength = 64;

    /// <summary>Reads whose a request is and how urgent.</summary>
    /// <param name="scheduling">May be null: the default tenant's, standard.</param>
    /// <exception cref="RequestRejectedException">The priority is not known, or the tenant's name too long or not printable ASCII.</exception>
    public static SchedulingSettings Read(SchedulingOptions? scheduling)
    {
        if (scheduling is null)
        {
            return SchedulingSettings.Default;
        }

        ServicePriority priority = scheduling.Priority switch
        {
            Priority.Unspecified or Priority.Standard => ServicePriority.Standard,
            Priority.Interactive => ServicePriority.Interactive,
            Priority.Batch => ServicePriority.Batch,
            Priority other => throw RequestRejectedException.Invalid("scheduling.priority", "interactive, standard or batch", $"{(int)other}"),
        };
        return new SchedulingSettings(priority, ReadTenant(scheduling.Tenant));
    }

    private static string ReadTenant(string tenant)
    {
        if (tenant.Length > MaxTenantLength)
        {
            throw RequestRejectedException.Invalid("scheduling.tenant", $"at most {MaxTenantLength} characters", $"{tenant.Length}");
        }

        foreach (char character in tenant)
        {
            if (character is < ' ' or > '~')
            {
                throw RequestRejectedException.Invalid("scheduling.tenant", "printable ASCII characters", $"U+{(int)character:X4}");
            }
        }

        return tenant.Length == 0 ? SchedulingSettings.DefaultTenant : tenant;
    }
}
