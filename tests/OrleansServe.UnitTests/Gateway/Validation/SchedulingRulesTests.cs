using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Gateway;
using OrleansServe.Gateway.Validation;
using OrleansServe.Protocol.V1;
using Xunit;

namespace OrleansServe.UnitTests.Gateway.Validation;

public sealed class SchedulingRulesTests
{
    [Fact]
    public void Read_NothingSaid_IsTheDefaultTenantsAndStandard()
    {
        Assert.Equal(new SchedulingSettings(ServicePriority.Standard, "default"), SchedulingRules.Read(null));
        Assert.Equal(SchedulingSettings.Default, SchedulingRules.Read(new SchedulingOptions()));
    }

    [Theory]
    [InlineData(Priority.Interactive, ServicePriority.Interactive)]
    [InlineData(Priority.Standard, ServicePriority.Standard)]
    [InlineData(Priority.Batch, ServicePriority.Batch)]
    public void Read_Priority_IsItsClass(Priority priority, ServicePriority expected) =>
        Assert.Equal(new SchedulingSettings(expected, "team ~1"), SchedulingRules.Read(new SchedulingOptions { Priority = priority, Tenant = "team ~1" }));

    [Theory]
    [InlineData(0, 65, "scheduling.tenant must be at most 64 characters, not 65")]
    [InlineData('é', 1, "scheduling.tenant must be printable ASCII characters, not U+00E9")]
    [InlineData('\n', 1, "scheduling.tenant must be printable ASCII characters, not U+000A")]
    public void Read_TenantTooLongOrNotPrintable_NamesLimitAndValue(int character, int length, string expected)
    {
        SchedulingOptions options = new() { Tenant = new string(character == 0 ? 'a' : (char)character, length) };
        RequestRejectedException fault = Assert.Throws<RequestRejectedException>(() => SchedulingRules.Read(options));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_UnknownPriority_NamesIt()
    {
        RequestRejectedException fault = Assert.Throws<RequestRejectedException>(() => SchedulingRules.Read(new SchedulingOptions { Priority = (Priority)9 }));
        Assert.Contains("scheduling.priority must be interactive, standard or batch, not 9", fault.Message, StringComparison.Ordinal);
    }
}
