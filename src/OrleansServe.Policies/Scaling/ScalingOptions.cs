namespace OrleansServe.Policies.Scaling;

/// <summary>How a fleet scales. <see cref="ScalingOptionsValidator"/> says what is wrong with it.</summary>
public sealed record ScalingOptions
{
    /// <summary>Where the clock hangs that schedule, prices and past days go by: an IANA name, UTC, or an offset as +08:00.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>The prefill role.</summary>
    public RoleScaling Prefill { get; init; } = new();

    /// <summary>The decode role.</summary>
    public RoleScaling Decode { get; init; } = new();

    /// <summary>Somebody watches the tokens appear.</summary>
    public ClassScaling Interactive { get; init; } = new(0.95, TimeSpan.FromSeconds(1));

    /// <summary>A program waits for the answer.</summary>
    public ClassScaling Standard { get; init; } = new(0.97, TimeSpan.FromSeconds(5));

    /// <summary>Nobody waits.</summary>
    public ClassScaling Batch { get; init; } = new(1, TimeSpan.FromSeconds(30));

    /// <summary>Share of the KV blocks that may be in use, in (0, 1].</summary>
    public double KvUse { get; init; } = 0.95;

    /// <summary>Hours with other limits.</summary>
    public IReadOnlyList<ScheduleWindow> Schedule { get; init; } = [];

    /// <summary>GPUs of a node.</summary>
    public int GpusPerNode { get; init; } = 8;

    /// <summary>US dollars for a GPU and hour, outside <see cref="Prices"/>.</summary>
    public decimal GpuHourPrice { get; init; }

    /// <summary>Hours with other prices.</summary>
    public IReadOnlyList<PriceWindow> Prices { get; init; } = [];

    /// <summary>From the decision to start a unit until it serves.</summary>
    public TimeSpan StartUp { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>From one decision to the next, about.</summary>
    public TimeSpan DecisionInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>After units were added to a role, none is taken away for this long; and units are taken away only if they can be missed for this long.</summary>
    public TimeSpan ScaleInCoolDown { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After units were added to a role, no more are for this long; what is needed meanwhile is seen by the forecast.</summary>
    public TimeSpan ScaleOutCoolDown { get; init; } = TimeSpan.Zero;

    /// <summary>Observations older than this say nothing any more.</summary>
    public TimeSpan ReportTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Past days that the forecast knows.</summary>
    public int HistoryDays { get; init; } = 7;

    /// <summary>Largest share of a role's units that one decision takes away; a single step always may.</summary>
    public double LargestScaleIn { get; init; } = 0.25;
}
