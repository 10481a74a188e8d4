namespace OrleansServe.Model.Checkpoints;

/// <summary>The numbers in which rows go to routed experts and come back, wherever these are. Another format is another model as far as equality of bits goes.</summary>
public enum ExpertRowFormat
{
    /// <summary>As they were computed, in fp32.</summary>
    Exact = 1,

    /// <summary>There in <see cref="NumberFormats.Float8Rows"/>, back in bf16.</summary>
    Float8 = 2,
}
