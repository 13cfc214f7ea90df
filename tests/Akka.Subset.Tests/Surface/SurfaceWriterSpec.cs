using Xunit;

namespace Akka.Subset.Tests.Surface;

/// <summary>The comparison is only as good as the lines it compares.</summary>
public sealed class SurfaceWriterSpec
{
    private static readonly string Name = SurfaceWriter.Name(typeof(Probe<,>));

    [Fact]
    public void Declarations_are_written_as_in_the_lists()
    {
        Assert.Equal("T " + Name + " | abstract class : System.Collections.Generic.List<TKey>, System.Collections.Generic.ICollection<TKey>, "
            + "System.Collections.Generic.IEnumerable<TKey>, System.Collections.Generic.IList<TKey>, "
            + "System.Collections.Generic.IReadOnlyCollection<TKey>, System.Collections.Generic.IReadOnlyList<TKey>, "
            + "System.Collections.ICollection, System.Collections.IEnumerable, System.Collections.IList", SurfaceWriter.TypeLine(typeof(Probe<,>)));
        var lines = SurfaceWriter.Members(typeof(Probe<,>)).Select(static member => member.Line).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(
            new[]
            {
                $"F {Name}.Field -> System.Nullable<System.Int32> | protected static readonly",
                $"M {Name}..ctor(System.Int32 first, params System.String[] rest) | protected",
                $"M {Name}.Get<T>(out T found, ref System.Int64 count, System.String text = null, System.Boolean flag = True) -> System.Func<T,{Name}> | public virtual",
                $"M {Name}.ToString() -> System.String | public override",
                $"P {Name}.Item[System.Int64] -> TValue | public abstract {{get;set;}}",
                $"P {Name}.Half -> System.Int32 | public {{get;}}",
            }.Order(StringComparer.Ordinal),
            lines);
        Assert.Equal($"{Name}.Inner<T>", SurfaceWriter.Name(typeof(Probe<,>.Inner<>)));
    }

    [Fact]
    public void Lists_find_members_of_nested_and_generic_types()
    {
        var list = SurfaceList.Read(
        [
            "T A.B<TKey> | class : System.Object",
            "T A.B<TKey>.C | sealed class",
            "M A.B<TKey>.C..ctor() | public",
            "M A.B<TKey>.Run<T>(System.Func<T,A.D> run) -> System.Void | public virtual",
        ]);
        Assert.Equal(["M A.B<TKey>.C..ctor() | public"], list.MembersOf("A.B<TKey>.C"));
        Assert.Single(list.MembersOf("A.B<TKey>"));
        Assert.True(list.Has("M A.B<TKey>.Run<T>(System.Func<T,A.D> run) -> System.Void | public"));
        Assert.False(list.Has("M A.B<TKey>.Run<T>(System.Func<T,A.D> other) -> System.Void | public"));
        Assert.False(list.Has("M A.B<TKey>.Run<T>(System.Func<T,A.D> run) -> System.Void | protected"));
    }

#pragma warning disable CA1822, CA1710, CA1034, CA1069 // Declarations to be written down, nothing else.
    public abstract class Probe<TKey, TValue> : List<TKey>
    {
        protected static readonly int? Field = 1;

        protected Probe(int first, params string[] rest)
        {
            Half = first + rest.Length;
        }

        public int Half { get; private set; }

        public abstract TValue this[long at] { get; set; }

        public virtual Func<T, Probe<TKey, TValue>> Get<T>(out T found, ref long count, string text = null, bool flag = true)
        {
            found = default;
            return null;
        }

        public override string ToString() => "";

        internal void Hidden()
        {
        }

        public class Inner<T>;
    }
#pragma warning restore CA1822, CA1710, CA1034, CA1069
}
